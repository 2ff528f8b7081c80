"""What only looks wrong in a register: it is stored, and somebody looks at it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from service.domain.lawbook.law import Law
from service.domain.masking import mask_phone
from service.domain.permits.permit import Permit
from service.domain.permits.phone import ContactRole
from service.domain.untrusted.check_characters import has_wrong_check
from service.domain.untrusted.district import DISTRICT_EXPECTED, is_district

MANY_PERMITS: Final = 100
"""Permits of one phone from which it looks like that of an office or an agent."""

_EXAMPLES: Final = 3
"""Rows that a warning names."""

_PHONES_SHOWN: Final = 5
"""Phones of many permits that have a warning each, of what may be hundreds."""

_MOST_PHONES: Final = 10_000
"""Phones that are counted at a time, in some megabytes."""

_LATEST: Final = timedelta(days=731)
"""Expiries later than that are not looked at: windows close months before them."""

_CACHED: Final = 10_000
"""Closings that are remembered: those of a file are far fewer than its rows."""


@dataclass(slots=True)
class Sighting:
    """How many rows look alike wrong, and the first of them."""

    rows: int = 0
    lines: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        """Count a row."""
        self.rows += 1
        if len(self.lines) < _EXAMPLES:
            self.lines.append(line)

    def __str__(self) -> str:
        several = "row" if self.rows == 1 else "rows"
        shown = ", ".join(map(str, self.lines))
        return f"{several} {shown}{' …' if self.rows > len(self.lines) else ''}"


class SharedPhones:
    """Finds the phones of many permits in memory of a fixed size.

    The algorithm is that of Misra and Gries (Finding repeated elements, 1982): where
    there are more phones than fit, each loses a row. So of 1,000,000 rows a count is
    too low by at most 100, and no phone of 200 permits is missed.
    """

    def __init__(self) -> None:
        self._seen: dict[str, Sighting] = {}

    def add(self, phone: str, line: int) -> None:
        """Count a phone of a row, as it is written there."""
        seen = self._seen.get(phone)
        if seen is None and len(self._seen) == _MOST_PHONES:
            for one in self._seen.values():
                one.rows -= 1
            self._seen = {one: found for one, found in self._seen.items() if found.rows}
            return
        if seen is None:
            seen = self._seen[phone] = Sighting()
        seen.add(line)

    def of_many(self) -> list[tuple[str, Sighting]]:
        """The phones of many permits, the most frequent first."""
        many = [one for one in self._seen.items() if one[1].rows >= MANY_PERMITS]
        return sorted(many, key=lambda one: -one[1].rows)

    def warnings(self) -> Iterator[str]:
        """Say whose they may be: a line for each of the first, and one for the rest."""
        many = self.of_many()
        for phone, seen in many[:_PHONES_SHOWN]:
            permits = f"{seen.rows:,} permits have the phone {mask_phone(phone)}"
            yield f"{permits}: is it their holder's? See {seen}"
        if rest := [seen.rows for _, seen in many[_PHONES_SHOWN:]]:
            phones = "1 more phone is" if len(rest) == 1 else f"{len(rest)} more are"
            most = (
                f"{rest[0]:,}" if rest[0] == rest[-1] else f"{rest[-1]} to {rest[0]:,}"
            )
            yield f"{phones} on {most} permits each"


@dataclass(slots=True)
class Suspicions:
    """What looks wrong in the active permits of a register.

    `textless` are those that no text reaches; `textless_roles`, by role, those where
    one reaches another contact only. `rows_before` counts the rows of the last load of
    the register.
    """

    textless: Sighting = field(default_factory=Sighting)
    closed: Sighting = field(default_factory=Sighting)
    wrong_codes: Sighting = field(default_factory=Sighting)
    wrong_districts: Sighting = field(default_factory=Sighting)
    textless_roles: dict[ContactRole, Sighting] = field(default_factory=dict)
    phones: SharedPhones = field(default_factory=SharedPhones)
    rows_before: int | None = None

    def add(self, line: int, permit: Permit, law: Law, today: date) -> None:
        """Look at an active permit that is stored; `today` is that of its office."""
        for phone in permit.phones:
            self.phones.add(phone, line)
        if permit.district and not is_district(permit.district):
            self.wrong_districts.add(line)
        if permit.holder_code and has_wrong_check(permit.holder_code):
            self.wrong_codes.add(line)
        ends_on = permit.expires_on
        if ends_on is None or not today <= ends_on < today + _LATEST:
            return
        dates = ends_on, permit.issued_on
        if _closing(law, permit.rule, permit.authority, *dates) < today:
            self.closed.add(line)

    def warnings(self, rows: int) -> Iterator[str]:
        """Say in a line each what looks wrong in a register of so many rows."""
        before, closed, codes = self.rows_before, self.closed, self.wrong_codes
        if before and rows * 5 <= before * 4:
            loaded = f"{before:,} at the last load of this register"
            now = "1 row" if rows == 1 else f"{rows:,} rows"
            yield f"{now}, and {loaded}: is the export complete?"
        if closed.rows:
            permits = "permit" if closed.rows == 1 else "permits"
            many = f"{closed.rows:,} active {permits} can no longer be renewed in time"
            yield f"{many}, as the window has closed: is the date right? See {closed}"
        if codes.rows:
            many = "holder code has" if codes.rows == 1 else "holder codes have"
            wrong = f"{codes.rows:,} {many} a wrong check character"
            yield f"{wrong}: is it mistyped? See {codes}"
        if (strange := self.wrong_districts).rows:
            many = f"{strange.rows:,} × the district is not {DISTRICT_EXPECTED}"
            yield f"{many}, and is left empty: is the column right? See {strange}"
        for role, found in self.textless_roles.items():
            many = f"{found.rows:,} × the {role}'s phone takes no texts"
            yield f"{many}, and another one is texted: is it right? See {found}"
        yield from self.phones.warnings()


@lru_cache(_CACHED)
def _closing(
    law: Law, rule: str, authority: str, expires_on: date, issued_on: date | None
) -> date:
    version = law.version_for(rule, authority, expires_on, issued_on)
    return law.ladder(rule, version, authority, expires_on).window.closes_on
