"""Periods as a law writes them: "30 working days before expiry", "on opening".

A law may also name a day of the year: "on 31 October before expiry".
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, cast

Anchor = Literal["opening", "closing", "expiry"]
Unit = Literal["day", "week", "month", "year"]
DayKind = Literal["working", "calendar", "unqualified"]
Direction = Literal["before", "after"]

MONTHS: Final = tuple(calendar.month_name[1:])
"""January to December, as a period names them."""

MAX_AMOUNTS: Final[dict[Unit, int]] = {"day": 1000, "week": 150, "month": 36, "year": 3}
"""Most units of a period. No law in the catalogue has a longer one: it is a typo."""

_GRAMMAR: Final = re.compile(
    r"(?:on|(?P<amount>[0-9]{1,5}) (?:(?P<kind>working|calendar|unqualified) )?"
    r"(?P<unit>day|week|month|year)s? (?P<direction>before|after)) "
    r"(?P<anchor>opening|closing|expiry)"
)
_YEARLY_GRAMMAR: Final = re.compile(
    rf"on (?P<day>[1-9][0-9]?) (?P<month>{'|'.join(MONTHS)}) "
    r"(?P<direction>before|after) expiry"
)
_LEAP_YEAR: Final = 2000


class PeriodError(ValueError):
    """A text is not a period; `expected` says what a period looks like."""

    def __init__(self, text: str, expected: str) -> None:
        self.expected = expected
        super().__init__(f"found {text!r}, expected {expected}")


@dataclass(frozen=True, slots=True)
class Period:
    """An amount of time before or after an anchor; amount 0 is the anchor itself.

    Only days have a `kind`: working days, calendar days, or 日 without 工作 before it
    ("unqualified"); None where the text names no kind. `yearly_on` is the month and day
    of a period that names a day of the year: the last one before the anchor, or the
    first one after it, never the anchor itself.
    """

    anchor: Anchor
    amount: int = 0
    unit: Unit = "day"
    kind: DayKind | None = None
    direction: Direction = "before"
    yearly_on: tuple[int, int] | None = None

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Parse "30 working days before expiry"; raises `PeriodError`."""
        words = " ".join(text.split())
        if yearly := _YEARLY_GRAMMAR.fullmatch(words):
            return cls._parse_yearly(text, yearly)
        found = _GRAMMAR.fullmatch(words)
        if found is None:
            expected = 'like "30 working days before expiry" or "on closing"'
            raise PeriodError(text, expected)
        anchor = cast("Anchor", found["anchor"])
        if found["amount"] is None:
            return cls(anchor)
        unit = cast("Unit", found["unit"])
        amount, kind = int(found["amount"]), cast("DayKind | None", found["kind"])
        _refuse_invalid(text, amount, unit, kind)
        return cls(anchor, amount, unit, kind, cast("Direction", found["direction"]))

    @classmethod
    def _parse_yearly(cls, text: str, found: re.Match[str]) -> "Period":
        month, day = MONTHS.index(found["month"]) + 1, int(found["day"])
        last = calendar.monthrange(_LEAP_YEAR, month)[1]
        if day > last:
            raise PeriodError(text, f"a day from 1 to {last} {found['month']}")
        direction = cast("Direction", found["direction"])
        return cls("expiry", direction=direction, yearly_on=(month, day))

    def __str__(self) -> str:
        if self.yearly_on:
            month, day = self.yearly_on
            return f"on {day} {MONTHS[month - 1]} {self.direction} {self.anchor}"
        if not self.amount:
            return f"on {self.anchor}"
        plural = "" if self.amount == 1 else "s"
        kind = f"{self.kind} " if self.kind else ""
        return f"{self.amount} {kind}{self.unit}{plural} {self.direction} {self.anchor}"

    def shift(self, day: date) -> date:
        """Move `day` by the period, counted in calendar days, weeks, months or years.

        A month that has no such day gives its last day (by analogy with 民法典
        第二百零二条). For working days use `Calendar`.
        """
        sign = -1 if self.direction == "before" else 1
        if self.yearly_on:
            return _nearest_yearly(day, *self.yearly_on, sign)
        match self.unit:
            case "day":
                return day + timedelta(days=sign * self.amount)
            case "week":
                return day + timedelta(weeks=sign * self.amount)
            case "month":
                return _months_from(day, sign * self.amount)
            case "year":
                return _months_from(day, sign * self.amount * 12)


def _refuse_invalid(text: str, amount: int, unit: Unit, kind: DayKind | None) -> None:
    if not amount:
        raise PeriodError(text, '"on" for the edge itself, or a number from 1')
    if amount > MAX_AMOUNTS[unit]:
        raise PeriodError(text, f"at most {MAX_AMOUNTS[unit]} {unit}s")
    if kind and unit != "day":
        raise PeriodError(text, f'"{kind}" with days only')


def month_end(day: date) -> date:
    """Find the last day of a day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _nearest_yearly(anchor: date, month: int, day: int, sign: int) -> date:
    """Find the nearest such day before (-1) or after (1) the anchor.

    29 February is the 28th in a year without it.
    """
    years = (anchor.year, anchor.year + sign)
    found = [
        date(year, month, min(day, calendar.monthrange(year, month)[1]))
        for year in years
    ]
    return next(one for one in found if (one - anchor).days * sign > 0)


def _months_from(day: date, months: int) -> date:
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(day.day, last))
