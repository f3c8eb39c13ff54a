"""Opens an FMU's archive without trusting it: nothing lands outside the folder, and nothing grows without end."""

import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

MAX_ENTRIES: Final = 20_000
MAX_BYTES: Final = 512 * 1024 * 1024
CHUNK: Final = 1 << 16


class ArchiveError(ValueError):
    """An archive that is not unpacked; the message names the file, what is wrong with it, and the rule."""


def unpack(file: Path, folder: Path, limit: int = MAX_BYTES) -> None:
    """Unpack an FMU into an empty folder.

    Parameters
    ----------
    file : Path
    folder : Path
    limit : int
        Most bytes that may come out of it; counted while they come, whatever the archive says of itself.

    Raises
    ------
    ArchiveError
        No such file, no zip archive, too large, or an entry that leads out of the folder, is a link or comes twice.

    """
    if not file.is_file():
        raise ArchiveError(f"{file}: no such file; name an FMU that lies beside the rig file or below it")
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _check(file, entries, limit)
            left = limit
            for entry in entries:
                left = _write(archive, entry, folder, left, file)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as problem:
        raise ArchiveError(f"{file}: cannot be unpacked ({problem}); is it an FMU, and whole?") from None
    if not (folder / "modelDescription.xml").is_file():
        raise ArchiveError(f"{file}: has no modelDescription.xml; it is no FMU")


def _check(file: Path, entries: list[zipfile.ZipInfo], limit: int) -> None:
    if len(entries) > MAX_ENTRIES:
        raise ArchiveError(f"{file}: holds {len(entries)} entries, more than the {MAX_ENTRIES} allowed")
    stated = sum(entry.file_size for entry in entries)
    if stated > limit:
        raise ArchiveError(f"{file}: would unpack to {stated} bytes, more than the {limit} allowed")
    seen: set[str] = set()
    for entry in entries:
        name = entry.orig_filename
        path = PurePosixPath(name)
        leads_out = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name
        if leads_out or not path.parts:
            raise ArchiveError(f"{file}: entry {name!r} leads out of the archive's folder; it is not unpacked")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ArchiveError(f"{file}: entry {name!r} is a link; an FMU holds plain files")
        if str(path) in seen:
            raise ArchiveError(f"{file}: entry {name!r} comes twice")
        seen.add(str(path))


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, left: int, file: Path) -> int:
    target = folder / entry.filename
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return left
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, target.open("wb") as sink:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise ArchiveError(f"{file}: entry {entry.filename!r} grows beyond the bytes allowed")
            sink.write(chunk)
    return left
