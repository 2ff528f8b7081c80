"""The folder of an upload: what was received, and later the rejected rows.

It is locked (flock) while a process works on it, and the system releases the lock of a
killed process: so an import that a power cut ended can be told from a running one.
"""

import fcntl
import os
import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import Final, Self, get_args

from service.domain.errors import StorageError
from service.flow.ports import UploadPart

_NEW: Final = "new-"
_REJECTS: Final = "rejects.csv"
_LONGEST_NAME: Final = 60
"""Characters; a file system takes 255 bytes."""


class UploadFolder:
    """A folder among those of other uploads; its name becomes that of its import.

    Only its owner can read it, since registers hold phones.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @classmethod
    def make(cls, among: Path) -> Self:
        """Make a folder and lock it; raises `StorageError` where that fails."""
        try:
            among.mkdir(mode=0o700, exist_ok=True)
            made = cls(Path(mkdtemp(dir=among, prefix=_NEW)))
        except OSError as error:
            raise _refused(among, error) from error
        made.try_lock()
        return made

    @property
    def rejects(self) -> Path:
        """The file for the rejected rows."""
        return self.path / _REJECTS

    @property
    def is_new(self) -> bool:
        """Whether no import was begun of it."""
        return self.path.name.startswith(_NEW)

    @property
    def changed_at(self) -> float:
        """When it was last changed, in seconds of the file system's clock."""
        return self.path.stat().st_mtime

    @property
    def lock(self) -> int:
        """The descriptor that holds the lock; a process that inherits it has it too."""
        assert self._lock is not None  # noqa: S101 - whoever asks has locked it
        return self._lock

    def try_lock(self) -> bool:
        """Lock it; False if another process works on it, or it is no folder."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        except (FileNotFoundError, NotADirectoryError):
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def is_locked(self) -> bool:
        """Whether another process works on it."""
        if self.try_lock():
            self.unlock()
            return False
        return self.path.is_dir()

    def unlock(self) -> None:
        """Give up the lock, unless a process has inherited it."""
        os.close(self.lock)
        self._lock = None

    def add(self, part: UploadPart, name: str, chunk: bytes) -> None:
        """Append to the file of a part; raises `StorageError` where that fails."""
        folder = self.path / part
        try:
            folder.mkdir(exist_ok=True)
            with (folder / _safe_name(name, part)).open("ab") as file:
                file.write(chunk)
        except OSError as error:
            raise _refused(self.path.parent, error) from error

    def find(self, part: UploadPart) -> Path | None:
        """The file of a part, if it was received."""
        return next((self.path / part).glob("*"), None)

    def begin(self, import_id: str) -> None:
        """Take the name of the import."""
        place = self.path.with_name(import_id)
        shutil.rmtree(place, ignore_errors=True)
        self.path = self.path.rename(place)

    def forget(self) -> None:
        """Delete what was received, and not the rejected rows."""
        for part in get_args(UploadPart):
            shutil.rmtree(self.path / part, ignore_errors=True)

    def remove(self) -> None:
        """Delete it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)


def _safe_name(name: str, part: UploadPart) -> str:
    """The end of a file's name, without what leads elsewhere or cannot be shown."""
    shown = "".join(filter(str.isprintable, name.replace("\\", "/")))
    return shown.rpartition("/")[2].lstrip(".")[-_LONGEST_NAME:].lstrip(".") or part


def _refused(folder: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{folder}: {error.strerror}; registers that are sent to the server are kept "
        "there: make room, and let this process write to it"
    )
