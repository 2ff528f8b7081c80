"""Why rows of a register are rejected: their mistakes in groups, with counts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from service.domain.errors import Mistake
from service.domain.rejected_rows.repairs import (
    Repair,
    RepairFacts,
    add_formats,
    find_repair,
)
from service.domain.untrusted.text import safe_name

_MOST_GROUPS: Final = 1_000
"""Groups that are counted; a file has more only if each row has its own."""


@dataclass(frozen=True, slots=True)
class WrongValue:
    """A mistake of a row, the columns that it is in, and what would repair it.

    `columns` are headings; empty where the mistake is about no column.
    """

    mistake: Mistake
    columns: tuple[str, ...]
    repair: Repair

    def show(self, *addresses: str) -> str:
        """Say in one line where it is, what was found, and what was expected."""
        field, found = self.mistake.field, self.mistake.found
        places = [one for one in map(_label, self.columns) if one != field]
        where = ", ".join([*places, *addresses])
        place = f"{field} ({where})" if where else field
        return f"{place}: found {found}, expected {self.mistake.expected}"


@dataclass(slots=True)
class ReasonGroup:
    """Mistakes of one kind, expectation and repair; `first` is an example."""

    first: WrongValue
    rows: int = 0
    varies: bool = False

    def __str__(self) -> str:
        shown = self.first.show()
        if self.varies:
            found = f"found {self.first.mistake.found}"
            shown = shown.replace(found, f"{found} and others", 1)
        return f"{self.rows:,} × {shown}; {self.first.repair.advice}"


_Key = tuple[str, str, tuple[str, ...], str, str]


class Reasons:
    """Counts the mistakes of a file's rejected rows."""

    def __init__(self, facts: RepairFacts) -> None:
        self._facts = facts
        self._groups: dict[_Key, ReasonGroup] = {}

    def add(
        self, mistake: Mistake, columns: Sequence[str], cells: Sequence[str]
    ) -> WrongValue:
        """Count a mistake in these columns of a row; return it with its repair."""
        column, cell = (columns[0], cells[0]) if columns else (None, "")
        repair = find_repair(mistake, column, cell, self._facts)
        wrong = WrongValue(mistake, tuple(columns), repair)
        key = _key(wrong)
        if key in self._groups or len(self._groups) < _MOST_GROUPS:
            group = self._groups.setdefault(key, ReasonGroup(wrong))
            group.rows += 1
            group.varies |= mistake.found != group.first.mistake.found
        return wrong

    def groups(self) -> list[ReasonGroup]:
        """List the groups, the largest first.

        A date that one of several formats reads belongs to the group of the one that
        other dates of its column need: 25/03/2026 decides about 02/03/2026.
        """
        merged: dict[_Key, ReasonGroup] = {}
        for group in self._groups.values():
            first = self._decide(group.first)
            joined = merged.setdefault(_key(first), ReasonGroup(first))
            joined.rows += group.rows
            joined.varies |= group.varies or joined.first.mistake != first.mistake
        return sorted(merged.values(), key=attrgetter("rows"), reverse=True)

    def _decide(self, wrong: WrongValue) -> WrongValue:
        formats = wrong.repair.formats
        needed = {*self._single_formats(wrong.columns)} & {*formats}
        if len(formats) == 1 or len(needed) != 1:
            return wrong
        advice = add_formats(wrong.columns[0], [*needed], self._facts)
        return WrongValue(wrong.mistake, wrong.columns, Repair(advice, tuple(needed)))

    def _single_formats(self, columns: tuple[str, ...]) -> Iterator[str]:
        for group in self._groups.values():
            formats = group.first.repair.formats
            if group.first.columns == columns and len(formats) == 1:
                yield formats[0]


def _key(wrong: WrongValue) -> _Key:
    """What the mistakes of a group share.

    "a formula: '=A1'" and "a word for an empty cell: 'N/A'" are of two kinds, though
    one thing is expected: no group may say of one what is true of the other.
    """
    mistake = wrong.mistake
    kind, is_named, _ = mistake.found.partition(": '")
    named = kind if is_named and not kind.startswith("'") else ""
    return named, mistake.field, wrong.columns, mistake.expected, wrong.repair.advice


def _label(heading: str) -> str:
    return safe_name(heading)
