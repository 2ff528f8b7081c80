"""The office's register: permits that come, change, and are sent to the service."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

import phonenumbers

RULE: Final = "cn-inspection-testing-cma"
"""Closes three months before expiry; texts 60 days and 5 working days before that."""

_SOONEST, _FURTHEST = 101, 148
"""Days to an expiry whose window is open, with a step that is current."""

_FAR: Final = timedelta(days=5 * 365)
_LATEST: Final = 60
"""So many permits change, those of a day at most: their windows are still open."""

_SHARED: Final = 4
"""Every so many permits, one has the phone of the one before it."""


@dataclass(frozen=True, slots=True)
class Permit:
    """One row of the register, as it stands now."""

    number: str
    expires_on: date
    phone: str
    status: str = "active"

    @property
    def holder(self) -> str:
        return f"检测{self.number[-6:]}公司"

    @property
    def fields(self) -> dict[str, object]:
        """As the body of a PUT."""
        return {
            "holder": self.holder,
            "expires_on": str(self.expires_on),
            "phones": [self.phone],
            "status": self.status,
        }

    @property
    def row(self) -> dict[str, str]:
        """As a row of CSV."""
        return {
            "rule": RULE,
            "number": self.number,
            "holder": self.holder,
            "expires_on": str(self.expires_on),
            "phones": self.phone,
            "status": self.status,
        }


class Register:
    """Every permit in its present state: the truth about who must be told."""

    def __init__(self) -> None:
        self.permits: dict[str, Permit] = {}
        self._touched: set[str] = set()

    def new(self, today: date, rng: Random) -> Permit:
        """One more permit, in the middle of its window."""
        count = len(self.permits)
        days = rng.randint(_SOONEST, _FURTHEST)
        return self._set(
            Permit(
                number=f"24{count:010}",
                expires_on=today + timedelta(days=days),
                phone=phone(count - 1 if count and count % _SHARED == 0 else count),
            )
        )

    def change(self, rng: Random) -> Permit | None:
        """One that is withdrawn, restored, renewed, corrected, or has a new phone."""
        if not self.permits:
            return None
        latest = list(self.permits.values())[-_LATEST:]
        it = rng.choice(latest)
        flipped = "withdrawn" if it.status == "active" else "active"
        changes = [
            replace(it, status=flipped),
            replace(it, status="active"),
            replace(it, expires_on=it.expires_on + _FAR),
            replace(it, expires_on=it.expires_on - timedelta(days=1)),
            replace(it, expires_on=it.expires_on + timedelta(days=1)),
            replace(it, phone=phone(rng.randrange(10_000, 20_000))),
        ]
        return self._set(rng.choice(changes))

    def save(self, path: Path) -> None:
        """Write what has changed since the last time as CSV."""
        with path.open("w", encoding="utf-8", newline="") as file:
            fields = list(Permit("", date.min, "").row)
            writer = csv.DictWriter(file, fields)
            writer.writeheader()
            touched = sorted(self._touched)
            writer.writerows(self.permits[number].row for number in touched)
        self._touched.clear()

    def _set(self, permit: Permit) -> Permit:
        self.permits[permit.number] = permit
        self._touched.add(permit.number)
        return permit


def phone(number: int) -> str:
    """One of the numbers that fiction may use, another for each below 20,000."""
    areas = _areas()
    return f"+1{areas[number // 100 % len(areas)]}55501{number % 100:02}"


@cache
def _areas() -> list[int]:
    return list(_found_areas())


def _found_areas() -> Iterator[int]:
    for area in range(201, 990):
        if phonenumbers.is_valid_number(phonenumbers.parse(f"+1{area}5550123")):
            yield area
