"""Writes files that people name; errors name the path."""

import os
from pathlib import Path

from service.domain.errors import SetUpError


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text in place; raises `SetUpError` if that fails.

    A pipe that nobody reads is refused at once.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags, 0o666)
        os.set_blocking(descriptor, True)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        message = f"{path}: {error.strerror}; name a file that can be written to"
        raise SetUpError(message) from None
