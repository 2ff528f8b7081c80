"""The drop folder of a register: what is dropped, taken, loaded and rejected.

A mapping `city.toml` and the folder `city` beside it belong together. An export that is
taken moves to `city/loading`, and from there, with its report, to `city/done` or
`city/rejected`: so whoever is killed in between, no export is loaded twice.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_IMODE
from typing import Final, Self

LOADING: Final = "loading"
DONE: Final = "done"
REJECTED: Final = "rejected"
FOLDERS: Final = (LOADING, DONE, REJECTED)

REPORT: Final = ".report.txt"
"""The end of the name of a report: what `import` prints."""

_OUTPUT: Final = ".report"
"""The folder in `loading` for what is written about the export that was taken."""

_LOCK: Final = ".lock"
_VIEW_READ: Final = ".view"
"""A file that was written when the view was last read, with what came of it."""

_MINUTE: Final = 60


@dataclass(frozen=True, slots=True, order=True)
class DroppedFile:
    """An export as it was looked at; the oldest sorts first.

    Changed or replaced, it has another time, size or inode number.
    """

    changed_ns: int
    name: str
    size: int
    inode: int

    @classmethod
    def of(cls, name: str, found: os.stat_result) -> Self:
        """What was found under a name."""
        return cls(found.st_mtime_ns, name, found.st_size, found.st_ino)


class DropFolder:
    """The folder that belongs to a mapping file."""

    def __init__(self, mapping_file: Path) -> None:
        self.mapping_file = mapping_file
        self.path = mapping_file.with_suffix("")

    @property
    def output(self) -> Path:
        """The folder for the report of the export that is being loaded."""
        return self.path / LOADING / _OUTPUT

    def make(self) -> None:
        """Make what is missing of its folders; raises `OSError`."""
        for name in ("", DONE, REJECTED):
            (self.path / name).mkdir(exist_ok=True)
        # Nobody else may put a link where an export was that has been looked at.
        (self.path / LOADING).mkdir(mode=0o700, exist_ok=True)
        self.output.mkdir(exist_ok=True)

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Lock it against other workers; gives whether nobody else has.

        The system releases the lock of a killed process.
        """
        with (self.path / LOADING / _LOCK).open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def is_view_due(self, every_minutes: int) -> bool:
        """Whether its view was read so long ago; by the clock of the file system."""
        loading = self.path / LOADING
        try:
            read_at = (loading / _VIEW_READ).stat().st_mtime
        except FileNotFoundError:
            return True
        (loading / _LOCK).touch()
        since = (loading / _LOCK).stat().st_mtime - read_at
        # A clock that was set back must not keep it from being read.
        return not 0 <= since < every_minutes * _MINUTE

    @property
    def view_result(self) -> str | None:
        """What came of its view when it was last read; None if it never was."""
        noted = self.path / LOADING / _VIEW_READ
        return noted.read_text("utf-8") if noted.exists() else None

    def note_view_read(self, result: str) -> None:
        """Note that its view was read now, and what came of it."""
        (self.path / LOADING / _VIEW_READ).write_text(result, "utf-8")

    def find_taken(self) -> list[Path]:
        """Find exports that were taken; under the lock, by a process that was ended."""
        loading = self.path / LOADING
        return sorted(path for path in loading.iterdir() if path.name[0] != ".")

    def take(self, file: DroppedFile) -> Path | None:
        """Take an export, unless it is not there any more as it was looked at.

        Nor if one of this name is taken already.
        """
        dropped, taken = self.path / file.name, self.path / LOADING / file.name
        if os.path.lexists(taken):
            return None
        try:
            dropped.rename(taken)
        except FileNotFoundError:
            return None
        if DroppedFile.of(file.name, taken.lstat()) == file:
            return taken
        self.put_back(taken)
        return None

    def put_back(self, taken: Path) -> None:
        """Leave an export alone again that somebody still writes.

        It stays where it is if another one has its name by now.
        """
        place = self.path / taken.name
        if not os.path.lexists(place):
            taken.rename(place)

    def clear_output(self) -> None:
        """Remove what an interrupted load has written."""
        shutil.rmtree(self.output, ignore_errors=True)
        self.output.mkdir()

    def free_name(self, name: str) -> str:
        """A name that no export in `done` or `rejected` has: its own, or numbered."""
        path, number = Path(name), 1
        while any(map(os.path.lexists, self._places_of(name))):
            number += 1
            name = f"{path.stem}-{number}{path.suffix}"
        return name

    def put(self, where: str, taken: Path, name: str, report: str) -> None:
        """Move an export and what was written about it to `done` or `rejected`."""
        self.put_report(where, taken, name, report)
        taken.rename(self.path / where / name)

    def put_report(self, where: str, origin: Path, name: str, report: str) -> None:
        """Move what was written about rows to `done` or `rejected`.

        Its owner and group may read it as they may their `origin`: it has rejected rows
        from there.
        """
        (self.output / f"{name}{REPORT}").write_text(report, "utf-8-sig")
        found = origin.stat()
        for written in sorted(self.output.iterdir()):
            written.chmod(S_IMODE(found.st_mode) & 0o660)
            with suppress(PermissionError):
                os.chown(written, -1, found.st_gid)
            written.rename(self.path / where / written.name)

    def _places_of(self, name: str) -> Iterator[Path]:
        """Where an export of this name may be, and what was written about it."""
        for folder in (DONE, REJECTED):
            for end in ("", REPORT, ".rejects.csv", ".rejects.xlsx"):
                yield self.path / folder / f"{name}{end}"
