"""What a version must hold true on real dates, tried on a sample of expiries."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import Final, get_args

from service.domain.calendars.calendar import Calendar
from service.domain.deadlines.ladder import days_of
from service.domain.deadlines.window import Window, window
from service.domain.formats.table import Table
from service.domain.law.authority import Bare
from service.domain.law.rule import Version

SAMPLE: Final = [timedelta(days=31 * at) for at in range(48)]
"""Four years of expiry dates that wander through months and weekdays."""

RESERVE: Final = timedelta(days=9 * 366)
"""Room for the sample and the longest period on either side of it."""


Finding = tuple[str, object, str]
"""Key, value found, what was expected."""


def check(table: Table, version: Version, law: Calendar) -> None:
    """Note in `table` what a version read without mistakes still gets wrong."""
    findings = [*_words(version), *_anchors(version)]
    first, last = law.surely.first + RESERVE, law.surely.last - RESERVE
    if not first <= version.in_force_from <= last:
        expected = f"a day from {first} to {last}"
        findings.append(("in_force_from", version.in_force_from, expected))
    elif not any(_anchors(version)):
        findings += _days(version, law)
    for finding in findings:
        table.note(*finding)


def _words(version: Version) -> Iterator[Finding]:
    starts, ends = version.in_force_from, version.in_force_until
    if ends is not None and ends < starts:
        yield "in_force_until", ends, f"a day from {starts} on"
    names = [step.name for step in version.steps]
    for at, name in enumerate(names, start=1):
        if name in names[: at - 1]:
            yield f"steps[{at}].name", name, "a name no earlier step has"
    if version.new_term == "decision" and names and names[0] != "prepare":
        why = "the new term runs from the decision, filing early shortens the old one"
        yield "steps[1].name", names[0], f"prepare: {why}"


def _anchors(version: Version) -> Iterator[Finding]:
    for at, step in enumerate(version.steps, start=1):
        for key, period in (("at", step.at), ("until", step.until)):
            if version.opens is None and period and period.anchor == "opening":
                expected = "closing or expiry, for this version has no `opens`"
                yield f"steps[{at}].{key}", str(period), expected


def _days(version: Version, law: Calendar) -> Iterator[Finding]:
    """Find each kind of disorder once, with the first expiry that shows it."""
    seen = set[tuple[str, str]]()
    for bare, after in product(get_args(Bare), SAMPLE):
        expires_on = version.in_force_from + after
        found, _ = window(version, expires_on, law, bare=bare)
        for key, value, expected in _disorder(version, found, law):
            if (key, expected) not in seen:
                seen.add((key, expected))
                yield key, str(value), f"{expected} (tried: expiry {expires_on})"


def _disorder(version: Version, found: Window, law: Calendar) -> Iterator[Finding]:
    if found.opens_on is not None and found.opens_on > found.closes_on:
        yield "opens", version.opens, "an opening before the closing"
    before = date.min
    for at, (step, on, last_on) in enumerate(
        days_of(version.steps, found, law), start=1
    ):
        if not step.after_closing and max(on, last_on) > found.closes_on:
            key = "at" if on > found.closes_on else "until"
            expected = "a day up to closing, or after_closing = true"
            yield f"steps[{at}].{key}", getattr(step, key), expected
        elif on > last_on:
            end = step.until or "expiry"
            yield f"steps[{at}].until", end, f"a day not before {step.at}"
        if on <= before:
            yield f"steps[{at}].at", step.at, "a later day than the step before"
        before = on
