"""The folder in which files are handed over to the office's platform.

A file is written in a subfolder, then placed by one rename. If it is missing from the
subfolder, it was placed before, even if the platform has since taken it away.
"""

import os
import stat
from pathlib import Path
from typing import Final

from service.domain.errors import SetUpError

PART_FOLDER: Final = ".making"
"""The subfolder; inside the folder, so that the rename stays on one file system."""


class HandOverFolder:
    """A folder that only its owner can read, since its files hold phones."""

    def __init__(self, path: Path) -> None:
        """Create the folder if needed; raises `SetUpError` if it cannot be used."""
        self.path = path
        try:
            path.mkdir(mode=0o700, exist_ok=True)
            (path / PART_FOLDER).mkdir(mode=0o700, exist_ok=True)
            others_mode = stat.S_IMODE(path.stat().st_mode) & 0o077
            probe = path / PART_FOLDER / "probe"
            probe.touch(mode=0o600)
            probe.unlink(missing_ok=True)
        except OSError as error:
            reason = f"{path}: {error.strerror}; name a folder that can be written to"
            raise SetUpError(reason) from error
        if others_mode:
            raise SetUpError(
                f"{path}: others can look into it, and its files hold phones; "
                "run chmod 700 on it"
            )

    def write(self, name: str, content: bytes) -> Path:
        """Write and fsync a file in the subfolder; returns the path to place it at."""
        part = self.path / PART_FOLDER / name
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _fsync_folder(part.parent)
        return self.path / name


def place_file(path: Path) -> None:
    """Move a written file to its path; does nothing if it was placed before.

    Raises `OSError` if the subfolder is missing, for instance because a network share
    is not mounted.
    """
    part_folder = path.parent / PART_FOLDER
    part_folder.stat()
    try:
        (part_folder / path.name).replace(path)
    except FileNotFoundError:
        return
    _fsync_folder(path.parent)


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
