"""The errors that this package raises, as a tree.

```
PermitRemindersError          one line: what, where, what to do
├── InvalidError              one or more Mistakes in a row, request or file
├── UnknownError              a code that is not loaded (rule, authority, permit, …)
├── NotInForceError           no version of the rule governs that date
├── NeverRemindsError         a permit type that is listed but never reminds
├── ConflictError             valid in itself, but it contradicts what is stored
│   ├── LawChangedError       decided by a law that has changed since: decide again
│   └── PreconditionError     decided by the caller on a state that has changed since
├── ForgedError               a webhook that the provider did not sign
└── SetUpError                settings, database, port: the operator must act
    └── StorageError          the disk or the file takes nothing: passes by itself
        ├── DatabaseBusyError       another process holds it for too long
        ├── UnconfirmedCommitError  stored, but no standby has confirmed it
        └── DatabaseReplacedError   other files than those opened: restart
```
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Final, Self

from service.domain.masked_text import mask_text
from service.domain.nearest import MOST_SHOWN, find_nearest


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong value: where it stands, what was found, what was expected.

    Phones are masked in all three. `file` is the file where a whole folder was read.
    """

    field: str
    found: str
    expected: str
    file: str | None = None

    def __post_init__(self) -> None:
        for name in ("field", "found", "expected"):
            object.__setattr__(self, name, mask_text(getattr(self, name)))

    def __str__(self) -> str:
        return f"{self.field}: found {self.found}, expected {self.expected}"


MOST_LISTED: Final = 20
"""Known codes that an error lists; of more it names those nearest to what was asked."""


class PermitRemindersError(Exception):
    """The root; `str()` of it is what a person reads: a line, or one for each mistake.

    `in_one_line` is the same for places that have room for no more, such as a log.
    """

    @property
    def in_one_line(self) -> str:
        """The error in one line."""
        return str(self)


class InvalidError(PermitRemindersError):
    """All the mistakes of one row, request, file or folder; `where` names it."""

    def __init__(self, where: str, mistakes: Sequence[Mistake]) -> None:
        self.where = where
        self.mistakes = tuple(mistakes)
        super().__init__(_in_lines(where, self.mistakes))

    @property
    def reason(self) -> str:
        """All the mistakes in one line, without the row, request or file."""
        return "; ".join(map(_with_file, self.mistakes))

    @property
    def in_one_line(self) -> str:
        """All the mistakes in one line."""
        return f"{self.where}: {self.reason}"


def _in_lines(where: str, mistakes: Sequence[Mistake]) -> str:
    """One mistake in one line; several below the place, and below their file."""
    if len(mistakes) == 1:
        return f"{where}: {_with_file(mistakes[0])}"
    lines = [f"{where}:"]
    for file, group in groupby(mistakes, key=attrgetter("file")):
        lines += [f"  {file}:"] if file else []
        margin = "    " if file else "  "
        lines += [f"{margin}{mistake}" for mistake in group]
    return "\n".join(lines)


def _with_file(mistake: Mistake) -> str:
    return f"{mistake.file}: {mistake}" if mistake.file else str(mistake)


class UnknownError(PermitRemindersError):
    """A code that is not loaded; the message lists the known ones, or the nearest."""

    def __init__(self, kind: str, code: str, known: Sequence[str] = ()) -> None:
        self.kind, self.code, self.known = kind, code, tuple(known)
        shown = sorted(known)
        if len(shown) > MOST_LISTED:
            shown = find_nearest(code, known) or shown[:MOST_SHOWN]
        more = f" and {len(known) - len(shown)} more" if len(known) > len(shown) else ""
        hint = f"; known: {', '.join(shown)}{more}" if known else ""
        super().__init__(f"unknown {kind} {code!r}{hint}")


class NotInForceError(PermitRemindersError):
    """No version of a rule governs a permit's date (its expiry or its issue)."""

    def __init__(self, rule: str, picked_by: str, day: date, first: date) -> None:
        super().__init__(
            f"{rule}: no version governs {picked_by} {day}; "
            f"the first is in force from {first}"
        )


class NeverRemindsError(PermitRemindersError):
    """A permit type that is in the catalogue but never reminds, with the reason."""

    def __init__(self, rule: str, because: str, why: str) -> None:
        super().__init__(f"{rule}: never reminds ({because}): {why}")


class ConflictError(PermitRemindersError):
    """A request contradicts what is stored; nothing was changed.

    `remedy` is what can be done about all the reasons.
    """

    def __init__(self, *reasons: str, remedy: str | None = None) -> None:
        self._lines = [*reasons, *([remedy] if remedy else [])]
        several = ["refused:", *self._lines] if len(reasons) > 1 else []
        super().__init__("\n  ".join(several) or self.in_one_line)

    @property
    def in_one_line(self) -> str:
        """All the reasons, and the remedy, in one line."""
        return "; ".join(self._lines)


class LawChangedError(ConflictError):
    """The law changed between a decision and its storing; nothing was stored."""


class PreconditionError(ConflictError):
    """What is stored is not what the request requires; nothing was changed."""


class ForgedError(PermitRemindersError):
    """A webhook has no valid signature of the provider, or is for another account."""


class SetUpError(PermitRemindersError):
    """The installation is not ready; the message says what to run or set."""


class StorageError(SetUpError):
    """The database cannot be read or written now; passes when its cause does."""

    @classmethod
    def read_only(cls, file: object) -> Self:
        """The file, or the volume that it is on, is read-only."""
        return cls(
            f"{file}: is read-only; make it writable for this process: "
            "sending goes on by itself"
        )


class DatabaseBusyError(StorageError):
    """Others have held the database for longer than a transaction waits."""


class UnconfirmedCommitError(StorageError):
    """Stored on the primary, and no synchronous standby has confirmed it in time.

    A failover may forget it, so nothing that cannot be undone may follow from it.
    """


class DatabaseReplacedError(StorageError):
    """A file of the database is not the one that this process opened.

    What it sent since then may be missing in the file that is there now. So this does
    not pass: the process sends nothing more until it is restarted.
    """

    def __init__(self, file: object, what: str) -> None:
        super().__init__(
            f"{file}: {what} while this process used it; it sends nothing until it is "
            "restarted: stop all processes on this database first, and see "
            '"A database file was replaced" in docs/operations.md'
        )
