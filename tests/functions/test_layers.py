"""Code and layers, from folders and zip files."""

import contextlib
import os
import stat
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.functions.layers import MEMBER_LIMIT, UNZIPPED_LIMIT, check_members, merge_layers, prepare_code, size_of


def folder(path: Path, **files: str) -> Path:
    """A folder with these files; ``__`` in a name is a folder, ``_dot_`` a dot."""
    for name, text in files.items():
        file = path / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return path


def archive(path: Path, members: dict[str, str], modes: dict[str, int] | None = None) -> Path:
    """A zip file with these members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (modes or {}).get(name, 0) << 16
            zipped.writestr(info, text)
    return path


def test_later_layers_win(tmp_path: Path) -> None:
    """Layers are merged in order, folders and zip files alike."""
    first = folder(tmp_path / "first", python__a_dot_py="first", python__b_dot_py="first")
    second = archive(tmp_path / "second.zip", {"python/b.py": "second", "bin/tool": "#!"}, {"bin/tool": 0o755})
    third = folder(tmp_path / "third", bin__other="third")

    opt = merge_layers([first, second, third], 0, tmp_path)

    assert (opt / "python/a.py").read_text() == "first"
    assert (opt / "python/b.py").read_text() == "second"
    assert (opt / "bin/other").read_text() == "third"
    assert os.access(opt / "bin/tool", os.X_OK)


def test_links_are_kept(tmp_path: Path) -> None:
    """A symbolic link inside an archive stays one, and a later file takes its place, not its target's."""
    linked = archive(tmp_path / "l.zip", {"lib/real": "r", "lib/link": "real"}, {"lib/link": stat.S_IFLNK | 0o777})
    later = folder(tmp_path / "later", lib__link="new")

    opt = merge_layers([linked], 0, tmp_path)
    both = merge_layers([linked, later], 0, tmp_path)

    assert (opt / "lib/link").is_symlink()
    assert ((both / "lib/link").read_text(), (both / "lib/real").read_text()) == ("new", "r")


def test_code(tmp_path: Path) -> None:
    """A folder is used as it is, a zip file is unzipped."""
    plain = folder(tmp_path / "code", app_dot_py="plain")
    zipped = archive(tmp_path / "code.zip", {"app.py": "zipped", "empty/": ""})

    assert prepare_code(plain, tmp_path) == plain
    root = prepare_code(zipped, tmp_path)
    assert (root / "app.py").read_text() == "zipped"
    assert (root / "empty").is_dir()


@pytest.mark.parametrize("name", ["../out.py", "/out.py", "a/../../out.py"])
def test_members_outside(tmp_path: Path, name: str) -> None:
    """An archive cannot write outside of its folder."""
    evil = archive(tmp_path / "evil.zip", {name: "x"})

    with pytest.raises(UsageError, match="would be written outside of its folder"):
        merge_layers([evil], 0, tmp_path)
    assert not (tmp_path / "out.py").exists()


@pytest.mark.parametrize("target", ["..", "/etc", "../../.."])
def test_links_outside(tmp_path: Path, target: str) -> None:
    """Nor can it plant a link that leads outside."""
    evil = archive(tmp_path / "evil.zip", {"link": target, "link/out.py": "x"}, {"link": stat.S_IFLNK | 0o777})

    with pytest.raises(UsageError, match="leads outside of its folder"):
        merge_layers([evil], 0, tmp_path)


def test_link_of_many_bytes(tmp_path: Path) -> None:
    """A link holds a path; one that would take memory is refused."""
    evil = archive(tmp_path / "evil.zip", {"link": "a/" * 100_000}, {"link": stat.S_IFLNK | 0o777})

    with pytest.raises(UsageError, match="the link 'link' is longer than a path"):
        merge_layers([evil], 0, tmp_path)


def test_modes(tmp_path: Path) -> None:
    """A file may be executable, and not be run as its owner."""
    made = archive(tmp_path / "layer.zip", {"tool": "#!"}, {"tool": 0o6755})

    opt = merge_layers([made], 0, tmp_path)
    assert stat.S_IMODE((opt / "tool").stat().st_mode) == 0o755


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_bomb(tmp_path: Path, method: int) -> None:
    """Python's decoders of these give all at once what a few bytes stand for, whatever size was announced."""
    with zipfile.ZipFile(tmp_path / "layer.zip", "w", method) as zipped:
        zipped.writestr("zeros", bytes(1_000_000))

    with pytest.raises(UsageError, match="'zeros' is not compressed with deflate, zip it again with that"):
        merge_layers([tmp_path / "layer.zip"], 0, tmp_path)


def test_announced_size_that_is_too_small(tmp_path: Path) -> None:
    """No more is unzipped than was announced and counted: 20 MB of zeros that say that they are 100 bytes."""
    path = tmp_path / "layer.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("zeros", bytes(20_000_000))
    path.write_bytes(path.read_bytes().replace((20_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little")))

    tracemalloc.start()
    with pytest.raises(UsageError, match=r"layer\.zip cannot be unzipped, zip it again: Bad CRC-32"):
        merge_layers([path], 0, tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert list(tmp_path.rglob("zeros")) == []
    assert peak < 5_000_000


def test_too_many_members() -> None:
    """A zip file of more than a quarter of a million members is none of a function's."""
    check_members(Path("layer.zip"), MEMBER_LIMIT)

    with pytest.raises(UsageError, match=r"layer\.zip: 250001 members; a zip file may have 250000"):
        check_members(Path("layer.zip"), MEMBER_LIMIT + 1)


def test_zip_file_of_more_than_code_may_have(tmp_path: Path) -> None:
    """It is not even opened; the file here takes no place on the disk."""
    path = tmp_path / "layer.zip"
    with path.open("wb") as file:
        file.truncate(UNZIPPED_LIMIT + 1)

    with pytest.raises(UsageError, match=r"layer\.zip: 262144001 bytes; code and layers must be smaller"):
        merge_layers([path], 0, tmp_path)


BROKEN = {
    "a file that is a folder": {"a": "x", "a/b": "y"},
    "a folder that is a file": {"a/b": "y", "a": "x"},
    "a name that is too long": {"n" * 300: "x"},
}


@pytest.mark.parametrize("members", BROKEN.values(), ids=BROKEN.keys())
def test_members_that_cannot_be(tmp_path: Path, members: dict[str, str]) -> None:
    """They are told in one line."""
    with pytest.raises(UsageError, match=r"layer\.zip cannot be unzipped, zip it again: "):
        merge_layers([archive(tmp_path / "layer.zip", members)], 0, tmp_path)


@pytest.mark.parametrize("at", range(0, 140, 3))
def test_bytes_that_are_wrong(tmp_path: Path, at: int) -> None:
    """Wherever an archive is damaged: it is unzipped, or refused in one line."""
    path = archive(tmp_path / "layer.zip", {"python/a.py": "x" * 300}, {"python/a.py": 0o644})
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 0xFF
    path.write_bytes(data)

    with contextlib.suppress(UsageError):
        merge_layers([path], 0, tmp_path)


def test_a_layer_with_a_pipe(tmp_path: Path) -> None:
    """Nothing waits for somebody to write to it."""
    layer = folder(tmp_path / "layer", a="")
    os.mkfifo(layer / "pipe")

    with pytest.raises(UsageError, match=r"layer cannot be copied: .*pipe.*; a layer has only files, folders and"):
        merge_layers([layer], 0, tmp_path)


def test_six_layers(tmp_path: Path) -> None:
    """Five are allowed."""
    layers = [folder(tmp_path / str(number), a="") for number in range(6)]

    with pytest.raises(UsageError, match="Cannot reference more than 5 layers; 6 are given"):
        merge_layers(layers, 0, tmp_path)
    assert merge_layers(layers[:5], 0, tmp_path).is_dir()


def test_too_large(tmp_path: Path) -> None:
    """Code and layers share 250 MB, counted unzipped."""
    layer = archive(tmp_path / "layer.zip", {"a": "x" * 1000})

    assert size_of(layer) == 1000
    with pytest.raises(UsageError, match="Layers consume more than the available size of 262144000 bytes"):
        merge_layers([layer], UNZIPPED_LIMIT - 999, tmp_path)


def test_code_too_large(tmp_path: Path) -> None:
    """The code alone has the limit too; a sparse gigabyte zips well."""
    with zipfile.ZipFile(tmp_path / "code.zip", "w", zipfile.ZIP_DEFLATED) as zipped, zipped.open("a", "w") as member:
        for _ in range(251):
            member.write(bytes(1024 * 1024))

    with pytest.raises(UsageError, match="Unzipped size must be smaller than 262144000 bytes"):
        prepare_code(tmp_path / "code.zip", tmp_path)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _: None, "does not exist: give a folder or a zip file"),
        (lambda path: path.write_text("no zip"), "neither a folder nor a zip file that can be read"),
    ],
)
def test_not_an_archive(tmp_path: Path, make: "object", message: str) -> None:
    """Anything else is refused with its name."""
    source = tmp_path / "thing"
    assert callable(make)
    make(source)

    with pytest.raises(UsageError, match=f"thing .*{message}|thing {message}"):
        merge_layers([source], 0, tmp_path)
