"""Reads whole files that people supply; errors name the path."""

import tomllib
from pathlib import Path

from service.domain.errors import InvalidError, Mistake, SetUpError


def read_file(path: Path) -> bytes:
    """Read a file's bytes; raises `SetUpError` if that fails."""
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path}: {error.strerror}; name a readable file"
        raise SetUpError(message) from None


def read_text(path: Path) -> str:
    """Read UTF-8 text; raises `SetUpError`, or `InvalidError` if not UTF-8."""
    try:
        return read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        mistake = Mistake("file", f"byte {error.start + 1}", "text in UTF-8")
        raise InvalidError(str(path), [mistake]) from None


def read_toml(path: Path) -> dict[str, object]:
    """Read a TOML file; raises `SetUpError`, or `InvalidError` if not TOML."""
    content = read_file(path)
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except ValueError as error:
        mistake = Mistake("file", str(error), "TOML in UTF-8")
        raise InvalidError(str(path), [mistake]) from None
