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
from gateway.functions.content import folder_of

if TYPE_CHECKING:
    import zipfile

LAYER_LIMIT: Final = 5
UNZIPPED_LIMIT: Final = 262_144_000
"""Bytes of code and layers together."""
MEMBER_LIMIT: Final = 250_000
"""Members of a zip file; AWS names no number, and this many make files of a kilobyte."""
_LINK_LIMIT: Final = 4096
"""Bytes of a path, which is all that a symbolic link holds."""


def prepare_code(code: Path, workspace: Path) -> Path:
    """The task root of a function: the folder itself, or a zip file's content in a folder below ``workspace``.

    Raises:
        UsageError: It is neither, or over 250 MB, or would write outside its folder.
    """
    if code.is_dir():
        return code
    if size_of(code) >= UNZIPPED_LIMIT:
        raise UsageError(f"{code}: Unzipped size must be smaller than {UNZIPPED_LIMIT} bytes")
    return folder_of([code], workspace, lambda root: _extract(code, root))


def merge_layers(layers: Sequence[Path], code_bytes: int, workspace: Path) -> Path:
    """Put the layers, in order, into the folder below ``workspace`` that stands for ``/opt``.

    Args:
        layers: Folders or zip files.
        code_bytes: What the function's own code takes of the limit.
        workspace: Where the folder is made, unless layers with the same content have been there before.

    Raises:
        UsageError: There are too many, one cannot be read, or they are too large.
    """
    if len(layers) > LAYER_LIMIT:
        raise UsageError(f"Cannot reference more than {LAYER_LIMIT} layers; {len(layers)} are given.")
    if code_bytes + sum(map(size_of, layers)) > UNZIPPED_LIMIT:
        raise UsageError(f"Layers consume more than the available size of {UNZIPPED_LIMIT} bytes")

    def fill(opt: Path) -> None:
        for layer in layers:
            if layer.is_dir():
                _copy(layer, opt)
            else:
                _extract(layer, opt)

    return folder_of(layers, workspace, fill)


def size_of(source: Path) -> int:
    """Bytes of a folder, or of a zip file when it is unzipped.

    Raises:
        UsageError: It is neither.
    """
    if source.is_dir():
        return sum(file.lstat().st_size for file in source.rglob("*") if not file.is_dir())
    with _opened(source) as archive:
        check_members(source, len(archive.filelist))
        return sum(member.file_size for member in archive.infolist())


def _opened(source: Path) -> "zipfile.ZipFile":
    import zipfile  # noqa: PLC0415 - code and layers are mostly folders

    try:
        size = source.stat().st_size
        archive = zipfile.ZipFile(source) if size <= UNZIPPED_LIMIT else None
    except FileNotFoundError:
        raise UsageError(f"{source} does not exist: give a folder or a zip file.") from None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UsageError(f"{source} is neither a folder nor a zip file that can be read: {error}") from error
    if archive is None:
        raise UsageError(f"{source}: {size} bytes; code and layers must be smaller than {UNZIPPED_LIMIT} bytes.")
    return archive


def check_members(source: Path, count: int) -> None:
    """Raises `UsageError` when a zip file has more members than it may."""
    if count > MEMBER_LIMIT:
        raise UsageError(f"{source}: {count} members; a zip file may have {MEMBER_LIMIT}.")


def _extract(source: Path, into: Path) -> None:
    """Unzip with modes and symbolic links, as Lambda does; what exists is replaced.

    What the archive says of a member's size is the most that is read of it, and was counted before.
    """
    import zipfile  # noqa: PLC0415 - as above
    from zlib import error as deflate_error  # noqa: PLC0415

    try:
        with _opened(source) as archive:
            for member, target in _members(archive, source, into):
                _extract_member(archive, member, target, (source, into))
    except (zipfile.BadZipFile, deflate_error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"{source} cannot be unzipped, zip it again: {str(error) or type(error).__name__}") from error


def _extract_member(
    archive: "zipfile.ZipFile", member: "zipfile.ZipInfo", target: Path, way: tuple[Path, Path]
) -> None:
    mode = member.external_attr >> 16
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    if stat.S_ISLNK(mode):
        if member.file_size > _LINK_LIMIT:
            raise UsageError(f"{way[0]}: the link {target.name!r} is longer than a path.")
        _link(archive.read(member).decode(), target, *way)
        return
    with archive.open(member) as reader, target.open("wb") as writer:
        shutil.copyfileobj(reader, writer)
    target.chmod(stat.S_IMODE(mode) & 0o777 or 0o644)  # no set-user-id: the gateway may be root's


def _members(archive: "zipfile.ZipFile", source: Path, into: Path) -> "Iterator[tuple[zipfile.ZipInfo, Path]]":
    root = into.resolve()
    for member in archive.infolist():
        # Stored or deflated.  Python's other decoders give all at once, and 45 bytes of bzip2 can stand for 45 MB.
        if member.compress_type not in {0, 8}:
            raise UsageError(f"{source}: {member.filename!r} is not compressed with deflate, zip it again with that.")
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


def _copy(source: Path, into: Path) -> None:
    try:
        shutil.copytree(source, into, symlinks=True, dirs_exist_ok=True, copy_function=_replace)
    except OSError as error:
        raise UsageError(f"{source} cannot be copied: {error}; a layer has only files, folders and links") from error


def _replace(source: str, target: str) -> str:
    """Copy a file over whatever is there; a link would be followed otherwise."""
    Path(target).unlink(missing_ok=True)
    return shutil.copy2(source, target, follow_symlinks=False)
