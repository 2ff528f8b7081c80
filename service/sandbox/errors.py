"""What can keep a sandbox from starting; `str()` of it is the one line to print."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self


class SandboxError(Exception):
    """The operator must act: another directory, another port, a repaired file."""

    @classmethod
    def in_use(cls, directory: Path) -> Self:
        """Tell of a second sandbox that would write the same log."""
        return cls(f"{directory}: another sandbox is running here; stop it first")

    @classmethod
    def bad_line(cls, path: Path, number: int) -> Self:
        """Tell of a log that was edited by hand, or is not ours."""
        return cls(f"{path}: line {number} is not an event; repair or move the file")

    @classmethod
    def bad_account(cls, path: Path) -> Self:
        """Tell of credentials that cannot be read back."""
        return cls(f"{path}: expected account_sid and auth_token; repair or move it")

    @classmethod
    def bad_faults(cls, where: str, mistakes: Sequence[str]) -> Self:
        """Tell of a list of faults that cannot be meant, with all its mistakes."""
        return cls(f"{where}: {'; '.join(mistakes)}; see docs/sandbox.md")

    @classmethod
    def cannot_listen(cls, host: str, port: int, why: str) -> Self:
        """Tell of a port that is taken, or an address that is not ours."""
        return cls(f"cannot listen on {host}:{port}: {why}; choose another port")
