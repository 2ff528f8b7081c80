"""Reads files that people supply; errors name the path."""

import errno
import hashlib
import os
import stat
import tomllib
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Final

from service.domain.errors import InvalidError, Mistake, SetUpError
from service.domain.untrusted.nesting import MOST_LEVELS, is_too_deep

MOST_BYTES: Final = 64 * 1024 * 1024
"""Largest file that is read whole; 500,000 results of a platform take 40 million."""


def open_file(path: Path) -> BinaryIO:
    """Open a file to read its bytes; raises `SetUpError` where there is none."""
    try:
        refuse_endless(path)
        return path.open("rb")
    except OSError as error:
        message = f"{path}: {error.strerror}; name a readable file"
        raise SetUpError(message) from None


def digest_file(path: Path) -> bytes:
    """The SHA-256 digest of a file of any size; raises as `open_file`."""
    digest = hashlib.sha256()
    with open_file(path) as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.digest()


def open_text(path: Path, encoding: str) -> TextIOWrapper:
    """Open a file to read its text, its line ends as they are; as `open_file`."""
    return TextIOWrapper(open_file(path), encoding, newline="")


def refuse_endless(path: Path) -> None:
    """Raise `OSError` for what is no file, before somebody opens it.

    Opening a pipe waits until somebody writes into it, and a device may never end.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "Is a pipe, a socket or a device", path)


def read_file(path: Path) -> bytes:
    """Read a file's bytes; raises `SetUpError`, `InvalidError` if it is too large."""
    with open_file(path) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        found, expected = "a larger file", f"at most {MOST_BYTES} bytes; split it"
        raise InvalidError(str(path), [Mistake("file", found, expected)])
    return content


def read_text(path: Path) -> str:
    """Read UTF-8 text; raises as `read_file`, and `InvalidError` if not UTF-8."""
    try:
        return read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        mistake = Mistake("file", f"byte {error.start + 1}", "text in UTF-8")
        raise InvalidError(str(path), [mistake]) from None


def read_toml(path: Path) -> dict[str, object]:
    """Read a TOML file; raises as `read_file`, and `InvalidError` if not TOML."""
    content = read_file(path)
    try:
        values = tomllib.loads(content.decode("utf-8-sig"))
    except ValueError as error:
        mistake = Mistake("file", str(error), "TOML in UTF-8")
        raise InvalidError(str(path), [mistake]) from None
    except RecursionError:
        values = None
    if values is None or is_too_deep(values):
        found, expected = "values inside values", f"at most {MOST_LEVELS} levels"
        raise InvalidError(str(path), [Mistake("file", found, expected)])
    return values
