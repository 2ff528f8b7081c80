"""The folder where files wait for the office's platform.

A file is made in a folder inside it and appears in one rename. That can be done once:
if what was made is no longer there, it was placed, even where the platform has taken
it away since.
"""

import os
import stat
from pathlib import Path
from typing import Final

from service.domain.errors import SetUpError

PART_FOLDER: Final = ".making"
"""Inside the folder, so that the rename stays on one file system."""


class HandOverFolder:
    """A folder that only its owner can look into; files hold phones."""

    def __init__(self, path: Path) -> None:
        """Make it if need be; raises `SetUpError` where it cannot be used."""
        self.path = path
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            (path / PART_FOLDER).mkdir(mode=0o700, exist_ok=True)
            open_to = stat.S_IMODE(path.stat().st_mode) & 0o077
            probe = path / PART_FOLDER / "probe"
            probe.touch(mode=0o600)
            probe.unlink(missing_ok=True)
        except OSError as error:
            reason = f"{path}: {error.strerror}; name a folder that can be written to"
            raise SetUpError(reason) from error
        if open_to:
            raise SetUpError(
                f"{path}: others can look into it, and its files hold phones; "
                "run chmod 700 on it"
            )

    def write(self, name: str, content: bytes) -> Path:
        """Write a file, on the disk when this returns, and say where it belongs."""
        made = self.path / PART_FOLDER / name
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _fsync_folder(made.parent)
        return self.path / name


def place_file(path: Path) -> None:
    """Let a file appear that was made; nothing where that was done before.

    Raises `OSError` where the folder is not the one it was made in: a share, perhaps,
    that is not mounted now.
    """
    making = path.parent / PART_FOLDER
    making.stat()
    try:
        (making / path.name).replace(path)
    except FileNotFoundError:
        return
    _fsync_folder(path.parent)


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
