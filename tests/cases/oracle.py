"""Compute the dates of the law in a second way: by walking from day to day.

Nothing of the service is used. Rule files are read as plain TOML, every day is asked
whether it is worked, and what is counted is counted one by one. The case files were
worked out with this; where it disagrees with the service, one of the two is wrong.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from tests.cases.texts import Table, find_version
from tests.cases.workdays import DAY, Works

Bare = Literal["safe", "working", "calendar"]


@dataclass(frozen=True)
class SentStep:
    """A step, the local day it is sent, and the last day on which it is true."""

    step: str
    on: date
    last_on: date


@dataclass(frozen=True)
class ExpiryDates:
    """The dates of one expiry, by the law and the office's days."""

    version: str
    opens_on: date | None
    closes_on: date
    closes_on_lenient: date
    sent: Sequence[SentStep]

    def stands(self, today: date) -> str:
        """The step that is current when the office closes on a day."""
        begun = [one for one in self.sent if one.on <= today]
        return begun[-1].step if begun and today <= begun[-1].last_on else "nothing"


def compute_dates(
    rule: Table,
    line: Sequence[str],
    expires_on: date,
    *,
    issued_on: date | None,
    works: Works,
    bare: Bare,
) -> ExpiryDates:
    """Compute the dates for an office; `line` is its code and those above it.

    A closing is the strict reading moved to a working day before it, an opening the
    lenient one moved to a working day after it.
    """
    version = find_version(rule["versions"], line, expires_on, issued_on)
    end = _end(version.get("counts_from", "expiry"), expires_on)
    strict, lenient = _readings(
        version["closes"], end, works, "working" if bare == "safe" else bare
    )
    days = {"expiry": end, "closing": _before(strict, works)}
    if "opens" in version:
        _, opens = _readings(
            version["opens"], end, works, "calendar" if bare == "safe" else bare
        )
        days["opening"] = _after(opens, works)
    place = f"/{version['jurisdiction']}" if "jurisdiction" in version else ""
    return ExpiryDates(
        version=f"{rule['code']}@{version['in_force_from']}{place}",
        opens_on=days.get("opening"),
        closes_on=days["closing"],
        closes_on_lenient=_before(lenient, works),
        sent=_send_days(version["steps"], days, works),
    )


def _end(counts_from: str | date, expires_on: date) -> date:
    if isinstance(counts_from, date):
        return counts_from
    if counts_from == "month-end":
        return expires_on.replace(day=monthrange(expires_on.year, expires_on.month)[1])
    return expires_on


def _readings(period: str, end: date, works: Works, bare: Bare) -> tuple[date, date]:
    """Count strictly (the end is not counted) and leniently (it is)."""
    words = period.split()
    kind = bare if "unqualified" in words else words[1]
    if words[0] == "on" or kind != "working":
        day = _shift(words, end)
        return day, day
    count = int(words[0])
    if "after" in words:
        day = _walk(end + DAY, count, works, DAY)
        return day, day
    strict = _walk(end - DAY, count, works, -DAY) - DAY
    return strict, _walk(end, count, works, -DAY) - DAY


def _walk(day: date, count: int, works: Works, towards: timedelta) -> date:
    """Go on to the `count`-th working day, counting the first day too."""
    count -= works(day)
    while count > 0:
        day += towards
        count -= works(day)
    return day


def _shift(words: Sequence[str], day: date) -> date:
    if words[0] == "on":
        return day if len(words) == 2 else _nearest(words, day)
    amount = int(words[0]) * (-1 if "before" in words else 1)
    unit = words[-3].removesuffix("s")
    if unit in {"day", "week"}:
        return day + amount * DAY * (7 if unit == "week" else 1)
    month = day.month - 1 + amount * (12 if unit == "year" else 1)
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _nearest(words: Sequence[str], day: date) -> date:
    """Walk from the day until the calendar shows what "on 31 October before" names."""
    towards = -DAY if words[3] == "before" else DAY
    day += towards
    while f"{day.day} {day:%B}" != f"{words[1]} {words[2]}":
        day += towards
    return day


def _before(day: date, works: Works) -> date:
    return _walk(day, 1, works, -DAY)


def _after(day: date, works: Works) -> date:
    return _walk(day, 1, works, DAY)


def _send_days(
    steps: Sequence[Table], days: Mapping[str, date], works: Works
) -> Sequence[SentStep]:
    """Send steps on working days; leave out one that the next overtakes at once."""
    kept: list[SentStep] = []
    for step in reversed(steps):
        last = days["expiry" if step.get("after_closing") else "closing"]
        if "until" in step:
            last = _step_day(step["until"], days, works)
        on = _after(_step_day(step["at"], days, works), works)
        on = on if on <= last else _before(last, works)
        if not kept or on < kept[-1].on:
            kept.append(SentStep(step["name"], on, last))
    return kept[::-1]


def _step_day(period: str, days: Mapping[str, date], works: Works) -> date:
    words = period.split()
    anchor = days[words[-1]]
    if "working" not in words:
        return _shift(words, anchor)
    towards = -DAY if "before" in words else DAY
    return _walk(anchor + towards, int(words[0]), works, towards)
