"""Code and layers of a function, from folders or zip files.

Here and not with the targets, since it happens once per function, before any environment starts, and every kind of
target is given the same folders.

Facts, from the AWS Lambda developer guide, "Managing Lambda dependencies with layers" and "Lambda quotas":

- At most five layers, extracted into ``/opt`` in order: a later one overwrites an earlier one's files.
- Function and layers together are at most 250 MB unzipped, 262,144,000 bytes; the refusals are worded as seen in
  public logs of deployments.

``/opt`` itself is rarely writable, so a private folder stands for it and the search paths point there.
"""

import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import UsageError

if TYPE_CHECKING:
    import zipfile

LAYER_LIMIT: Final = 5
UNZIPPED_LIMIT: Final = 262_144_000
"""Bytes of code and layers together."""


def prepare_code(code: Path, workspace: Path) -> Path:
    """The task root of a function: the folder itself, or a zip file's content under ``workspace``.

    Raises:
        UsageError: It is neither, or over 250 MB, or would write outside its folder.
    """
    if code.is_dir():
        return code
    if size_of(code) >= UNZIPPED_LIMIT:
        raise UsageError(f"{code}: Unzipped size must be smaller than {UNZIPPED_LIMIT} bytes")
    root = workspace / "task"
    root.mkdir(parents=True, exist_ok=True)
    _extract(code, root)
    return root


def merge_layers(layers: Sequence[Path], code_bytes: int, opt: Path) -> Path:
    """Put the layers, in order, into the folder that stands for ``/opt``.

    Args:
        layers: Folders or zip files.
        code_bytes: What the function's own code takes of the limit.
        opt: Made when missing.

    Raises:
        UsageError: There are too many, one cannot be read, or they are too large.
    """
    if len(layers) > LAYER_LIMIT:
        raise UsageError(f"Cannot reference more than {LAYER_LIMIT} layers; {len(layers)} are given.")
    if code_bytes + sum(map(size_of, layers)) > UNZIPPED_LIMIT:
        raise UsageError(f"Layers consume more than the available size of {UNZIPPED_LIMIT} bytes")
    opt.mkdir(parents=True, exist_ok=True)
    for layer in layers:
        if layer.is_dir():
            shutil.copytree(layer, opt, symlinks=True, dirs_exist_ok=True, copy_function=_replace)
        else:
            _extract(layer, opt)
    return opt


def size_of(source: Path) -> int:
    """Bytes of a folder, or of a zip file when it is unzipped.

    Raises:
        UsageError: It is neither.
    """
    if source.is_dir():
        return sum(file.lstat().st_size for file in source.rglob("*") if not file.is_dir())
    with _opened(source) as archive:
        return sum(member.file_size for member in archive.infolist())


def _opened(source: Path) -> "zipfile.ZipFile":
    import zipfile  # noqa: PLC0415 - code and layers are mostly folders

    try:
        return zipfile.ZipFile(source)
    except FileNotFoundError:
        raise UsageError(f"{source} does not exist: give a folder or a zip file.") from None
    except (zipfile.BadZipFile, OSError) as error:
        raise UsageError(f"{source} is neither a folder nor a zip file that can be read: {error}") from error


def _extract(source: Path, into: Path) -> None:
    """Unzip with modes and symbolic links, as Lambda does; what exists is replaced."""
    with _opened(source) as archive:
        for member, target in _members(archive, source, into):
            mode = member.external_attr >> 16
            if member.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            if stat.S_ISLNK(mode):
                _link(archive.read(member).decode(), target, source, into)
                continue
            with archive.open(member) as reader, target.open("wb") as writer:
                shutil.copyfileobj(reader, writer)
            target.chmod(stat.S_IMODE(mode) or 0o644)


def _members(archive: "zipfile.ZipFile", source: Path, into: Path) -> "Iterator[tuple[zipfile.ZipInfo, Path]]":
    root = into.resolve()
    for member in archive.infolist():
        target = into / member.filename
        # The parent is resolved too: an earlier member may have been a link that leads outside.
        if Path(member.filename).is_absolute() or not _inside(target, root):
            raise UsageError(f"{source}: the member {member.filename!r} would be written outside of its folder.")
        yield member, target


def _inside(target: Path, root: Path) -> bool:
    where = Path(os.path.normpath(target.parent.resolve() / target.name))
    return where == root or where.is_relative_to(root)


def _link(points_to: str, target: Path, source: Path, into: Path) -> None:
    if Path(points_to).is_absolute() or not _inside(target.parent / points_to, into.resolve()):
        raise UsageError(f"{source}: the link {target.name!r} leads outside of its folder, to {points_to!r}.")
    target.symlink_to(points_to)


def _replace(source: str, target: str) -> str:
    """Copy a file over whatever is there; a link would be followed otherwise."""
    Path(target).unlink(missing_ok=True)
    return shutil.copy2(source, target, follow_symlinks=False)
