"""Which permits a full export of a register names."""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from service.domain.errors import InvalidError
from service.domain.lawbook.law import Law
from service.domain.permits.permit import Permit
from service.domain.permits.row_permit import Withdrawal
from service.flow.permits.encryption import NUMBER_COLUMN, number_key
from service.flow.ports import Vault

_MASK: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class StoredPermit:
    """A permit that is stored and not withdrawn, and when it was last changed.

    It stands in `register`, and was in `also_in` before, which may still list it.
    """

    id: str
    authority: str
    rule: str
    number_key: str
    changed_at: datetime
    register: str
    also_in: str | None


class SnapshotRow(Protocol):
    """A row of a full export."""

    @property
    def line(self) -> int:
        """The number of its line in the file."""

    @property
    def permit(self) -> Permit | None:
        """The permit; None if the row has a mistake, repeats another or is skipped."""

    @property
    def withdraws(self) -> Withdrawal | None:
        """The permit that it withdraws, where it says no more of it."""

    @property
    def number(self) -> str | None:
        """The number of a permit that is not stored; empty where the row is of none."""


class PresentPermits:
    """Which permits a file names, in eight bytes each.

    A row that is stored names its permit. Of any other row only the number is believed:
    no permit with it is absent, whatever its office and type. After a row whose number
    cannot be read, nothing is: `unreadable_line` is its line.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._permits, self._numbers = array("Q"), array("Q")
        self._is_sorted = False
        self.unreadable_line: int | None = None

    def add(self, row: SnapshotRow, outcome: str | InvalidError, law: Law) -> None:
        """Note what a row names."""
        named = row.permit or row.withdraws
        if named and not isinstance(outcome, InvalidError):
            key = number_key(named.number, law.rule(named.rule), self._vault)
            self._permits.append(_hash((named.authority, named.rule, key)))
            return
        number = named.number if named else row.number
        if number is None:
            self.unreadable_line = self.unreadable_line or row.line
        elif number:
            digest = self._vault.digest(number, NUMBER_COLUMN).hex()
            self._numbers.extend([_hash(number), _hash(digest)])

    def has(self, permit: StoredPermit) -> bool:
        """Whether the file names a permit; all rows must have been added."""
        if not self._is_sorted:
            self._permits = array("Q", sorted(self._permits))
            self._numbers = array("Q", sorted(self._numbers))
            self._is_sorted = True
        key = permit.authority, permit.rule, permit.number_key
        return _contains(self._permits, _hash(key)) or _contains(
            self._numbers, _hash(permit.number_key)
        )


def _hash(key: object) -> int:
    return hash(key) & _MASK


def _contains(values: Sequence[int], value: int) -> bool:
    at = bisect_left(values, value)
    return at < len(values) and values[at] == value
