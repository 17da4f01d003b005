"""Where this process stands in the trees of control groups."""

from pathlib import Path

import pytest

from gateway.limits.places import ControlGroup, file_system_of, place_of

V1 = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:10 - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""
V2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot\n"
CONTAINER = "30 23 0:26 /docker/1f2e /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n"


@pytest.mark.parametrize(
    ("controller", "groups", "mounts", "expected"),
    [
        (
            "memory",
            "4:memory:/one/two\n1:cpu,cpuacct:/\n0::/\n",
            V1,
            ControlGroup(Path("/sys/fs/cgroup/memory/one/two"), 1),
        ),
        ("cpu", "4:memory:/one\n1:cpu,cpuacct:/\n0::/\n", V1, ControlGroup(Path("/sys/fs/cgroup/cpu,cpuacct"), 1)),
        ("cpu", "4:memory:/one\n0::/user.slice\n", V1, ControlGroup(Path("/sys/fs/cgroup/unified/user.slice"), 2)),
        ("memory", "0::/user.slice/a.scope\n", V2, ControlGroup(Path("/sys/fs/cgroup/user.slice/a.scope"), 2)),
        ("memory", "0::/\n", V2, ControlGroup(Path("/sys/fs/cgroup"), 2)),
        ("memory", "4:memory:/docker/1f2e\n", CONTAINER, ControlGroup(Path("/sys/fs/cgroup/memory"), 1)),
        ("memory", "4:memory:/docker/1f2e/own\n", CONTAINER, ControlGroup(Path("/sys/fs/cgroup/memory/own"), 1)),
        ("memory", "4:memory:/docker/1f2e4\n", CONTAINER, None),
        ("memory", "4:memory:/\n", CONTAINER, None),
        ("memory", "4:memory:/one\n", "", None),
        ("memory", "", V2, None),
        ("memory", "0::/a:b\n", V2.replace("/sys/fs", r"/my\040fs"), ControlGroup(Path("/my fs/cgroup/a:b"), 2)),
    ],
)
def test_place(controller: str, groups: str, mounts: str, expected: ControlGroup | None) -> None:
    """Both versions, hybrids of them, and containers that see a part of the tree."""
    assert place_of(controller, groups, mounts) == expected


@pytest.mark.parametrize(
    ("folder", "expected"),
    [("/tmp/a", "tmpfs"), ("/tmp", "tmpfs"), ("/tmpfiles", "ext4"), ("/tmp/deep/a", "xfs"), ("/", "ext4")],
)
def test_file_system(folder: str, expected: str) -> None:
    """The innermost mount counts, and of two at one place the later."""
    mounts = """\
27 1 254:0 / / rw,relatime - btrfs /dev/vda rw
28 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 27 0:24 / /tmp rw,relatime shared:2 - tmpfs tmpfs rw
31 30 0:25 / /tmp/deep rw - xfs /dev/vdb rw
"""
    assert file_system_of(Path(folder), mounts) == expected


def test_file_system_without_mounts() -> None:
    """A system that does not tell its mounts has none."""
    assert file_system_of(Path("/tmp"), "") == ""
