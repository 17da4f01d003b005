"""Code and layers, from folders and zip files."""

import os
import stat
import zipfile
from pathlib import Path

import pytest

from gateway.errors import UsageError
from gateway.functions.layers import UNZIPPED_LIMIT, merge_layers, prepare_code, size_of


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

    opt = merge_layers([first, second, third], 0, tmp_path / "opt")

    assert (opt / "python/a.py").read_text() == "first"
    assert (opt / "python/b.py").read_text() == "second"
    assert (opt / "bin/other").read_text() == "third"
    assert os.access(opt / "bin/tool", os.X_OK)


def test_links_are_kept(tmp_path: Path) -> None:
    """A symbolic link inside an archive stays one, and a later file takes its place, not its target's."""
    linked = archive(tmp_path / "l.zip", {"lib/real": "r", "lib/link": "real"}, {"lib/link": stat.S_IFLNK | 0o777})
    later = folder(tmp_path / "later", lib__link="new")

    opt = merge_layers([linked], 0, tmp_path / "opt")
    was_link = (opt / "lib/link").is_symlink()
    merge_layers([later], 0, opt)

    assert was_link
    assert ((opt / "lib/link").read_text(), (opt / "lib/real").read_text()) == ("new", "r")


def test_code(tmp_path: Path) -> None:
    """A folder is used as it is, a zip file is unzipped."""
    plain = folder(tmp_path / "code", app_dot_py="plain")
    zipped = archive(tmp_path / "code.zip", {"app.py": "zipped", "empty/": ""})

    assert prepare_code(plain, tmp_path / "work") == plain
    root = prepare_code(zipped, tmp_path / "work")
    assert (root / "app.py").read_text() == "zipped"
    assert (root / "empty").is_dir()


@pytest.mark.parametrize("name", ["../out.py", "/out.py", "a/../../out.py"])
def test_members_outside(tmp_path: Path, name: str) -> None:
    """An archive cannot write outside of its folder."""
    evil = archive(tmp_path / "evil.zip", {name: "x"})

    with pytest.raises(UsageError, match="would be written outside of its folder"):
        merge_layers([evil], 0, tmp_path / "opt")
    assert not (tmp_path / "out.py").exists()


@pytest.mark.parametrize("target", ["..", "/etc", "../../.."])
def test_links_outside(tmp_path: Path, target: str) -> None:
    """Nor can it plant a link that leads outside."""
    evil = archive(tmp_path / "evil.zip", {"link": target, "link/out.py": "x"}, {"link": stat.S_IFLNK | 0o777})

    with pytest.raises(UsageError, match="leads outside of its folder"):
        merge_layers([evil], 0, tmp_path / "opt")


def test_six_layers(tmp_path: Path) -> None:
    """Five are allowed."""
    layers = [folder(tmp_path / str(number), a="") for number in range(6)]

    with pytest.raises(UsageError, match="Cannot reference more than 5 layers; 6 are given"):
        merge_layers(layers, 0, tmp_path / "opt")
    assert merge_layers(layers[:5], 0, tmp_path / "opt").is_dir()


def test_too_large(tmp_path: Path) -> None:
    """Code and layers share 250 MB, counted unzipped."""
    layer = archive(tmp_path / "layer.zip", {"a": "x" * 1000})

    assert size_of(layer) == 1000
    with pytest.raises(UsageError, match="Layers consume more than the available size of 262144000 bytes"):
        merge_layers([layer], UNZIPPED_LIMIT - 999, tmp_path / "opt")


def test_code_too_large(tmp_path: Path) -> None:
    """The code alone has the limit too; a sparse gigabyte zips well."""
    with zipfile.ZipFile(tmp_path / "code.zip", "w", zipfile.ZIP_DEFLATED) as zipped, zipped.open("a", "w") as member:
        for _ in range(251):
            member.write(bytes(1024 * 1024))

    with pytest.raises(UsageError, match="Unzipped size must be smaller than 262144000 bytes"):
        prepare_code(tmp_path / "code.zip", tmp_path / "work")


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
        merge_layers([source], 0, tmp_path / "opt")
