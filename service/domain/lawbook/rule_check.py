"""What is wrong with versions that are well formed: names, order, overlap.

Order shows on real dates only, so a version is tried on a sample of expiry dates.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise, product
from typing import Final, get_args

from service.domain.calendars.calendar import Calendar
from service.domain.deadlines.ladder import date_steps
from service.domain.deadlines.window import Window, compute_window
from service.domain.law.authority import UnqualifiedDays
from service.domain.law.rule import Version

SAMPLE_OFFSETS: Final = [timedelta(days=31 * at) for at in range(48)]
"""Four years of expiry dates that wander through months and weekdays."""

SAMPLE_MARGIN: Final = timedelta(days=9 * 366)
"""Room for the sample and the longest period on either side of it."""


SAY_EXPIRES: Final = ("renewal-prepare", "renewal-open", "renewal-last-call")
"""Templates whose text says that a permit expires: untrue once it has expired."""

VersionFinding = tuple[str, object, str]
"""Key, value found, what was expected."""


def check_version(version: Version, law_calendar: Calendar) -> list[VersionFinding]:
    """List what is wrong with a version; its keys are those of a version's table."""
    findings = [*_check_names(version), *_check_anchors(version)]
    first, last = (
        law_calendar.certain_workdays.first + SAMPLE_MARGIN,
        law_calendar.certain_workdays.last - SAMPLE_MARGIN,
    )
    if not first <= version.in_force_from <= last:
        expected = f"a day from {first} to {last}"
        findings.append(("in_force_from", version.in_force_from, expected))
    elif not any(_check_anchors(version)):
        findings += _check_dates(version, law_calendar)
    return findings


def find_overlaps(versions: Sequence[Version]) -> Iterator[VersionFinding]:
    """Find versions of one rule that govern the same day; keys are those of the rule.

    A revision takes the place of the version it revises, so it is no overlap.
    """
    numbered = sorted(
        enumerate(versions, start=1),
        key=lambda one: (
            one[1].jurisdiction or "",
            one[1].in_force_from,
            one[1].revision,
        ),
    )
    for (at, earlier), (_, later) in pairwise(numbered):
        if earlier.jurisdiction != later.jurisdiction:
            continue
        ends = earlier.in_force_until
        if earlier.key == later.key:
            expected = f"one version for {later.in_force_from} and this revision"
            yield f"versions[{at}].revision", earlier.revision, expected
        elif ends and earlier.in_force_from < later.in_force_from <= ends:
            expected = f"a day before {later.in_force_from}, when the next begins"
            yield f"versions[{at}].in_force_until", ends, expected


def _check_names(version: Version) -> Iterator[VersionFinding]:
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


def _check_anchors(version: Version) -> Iterator[VersionFinding]:
    for at, step in enumerate(version.steps, start=1):
        for key, period in (("at", step.at), ("until", step.until)):
            if version.opens is None and period and period.anchor == "opening":
                expected = "closing or expiry, for this version has no `opens`"
                yield f"steps[{at}].{key}", str(period), expected


def _check_dates(version: Version, law_calendar: Calendar) -> Iterator[VersionFinding]:
    """Find each kind of disorder once, with the first expiry that shows it."""
    seen = set[tuple[str, str]]()
    for unqualified_days, after in product(_readings(version), SAMPLE_OFFSETS):
        expires_on = version.in_force_from + after
        found, _ = compute_window(
            version, expires_on, law_calendar, unqualified_days=unqualified_days
        )
        for key, value, expected in _disorder(version, found, law_calendar):
            if (key, expected) not in seen:
                seen.add((key, expected))
                yield key, str(value), f"{expected} (tried: expiry {expires_on})"


def _readings(version: Version) -> Sequence[UnqualifiedDays]:
    """List the readings of 日 that may date the version; one where it has no 日."""
    readings: tuple[UnqualifiedDays, ...] = get_args(UnqualifiedDays)
    edges = [edge for edge in (version.opens, version.closes) if edge is not None]
    return (
        readings if any(edge.kind == "unqualified" for edge in edges) else readings[:1]
    )


def _disorder(
    version: Version, window: Window, law_calendar: Calendar
) -> Iterator[VersionFinding]:
    if window.opens_on is not None and window.opens_on > window.closes_on:
        yield "opens", version.opens, "an opening before the closing"
    before = date.min
    for at, (step, on, last_on) in enumerate(
        date_steps(version.steps, window, law_calendar), start=1
    ):
        if not step.after_closing and max(on, last_on) > window.closes_on:
            key = "at" if on > window.closes_on else "until"
            expected = "a day up to closing, or after_closing = true"
            yield f"steps[{at}].{key}", getattr(step, key), expected
        elif on > last_on:
            end = step.until or "expiry"
            yield f"steps[{at}].until", end, f"a day not before {step.at}"
        if step.template in SAY_EXPIRES and max(on, last_on) > window.expires_on:
            expected = (
                'renewal-overdue, or until = "on expiry": the text says "expires"'
            )
            yield f"steps[{at}].template", step.template, expected
        if on <= before:
            yield f"steps[{at}].at", step.at, "a later day than the step before"
        before = on
