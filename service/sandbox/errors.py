"""Errors that keep a sandbox from starting; `str()` gives one line to print."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self


class SandboxError(Exception):
    """A set-up mistake: the directory, the port or a file must be changed."""

    @classmethod
    def in_use(cls, directory: Path) -> Self:
        """Another sandbox already writes this log."""
        return cls(f"{directory}: another sandbox is running here; stop it first")

    @classmethod
    def bad_line(cls, path: Path, number: int) -> Self:
        """A line of the log is not an event: edited, or another program's file."""
        return cls(f"{path}: line {number} is not an event; repair or move the file")

    @classmethod
    def bad_account(cls, path: Path) -> Self:
        """The stored account cannot be read."""
        return cls(f"{path}: expected account_sid and auth_token; repair or move it")

    @classmethod
    def bad_faults(cls, where: str, mistakes: Sequence[str]) -> Self:
        """A list of faults is invalid; the text names all its mistakes."""
        return cls(f"{where}: {'; '.join(mistakes)}; see docs/sandbox.md")

    @classmethod
    def cannot_listen(cls, host: str, port: int, why: str) -> Self:
        """The port is in use, or the address is not one of this machine."""
        return cls(f"cannot listen on {host}:{port}: {why}; choose another port")
