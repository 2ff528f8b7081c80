"""Explain the dates of one expiry date, line by line."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from service.domain.calendars.calendar import DAY
from service.domain.deadlines.edge import compute_closing
from service.domain.deadlines.ladder import LadderComputation
from service.domain.explain.day_counting import explain_counting
from service.domain.explain.steps import explain_steps
from service.domain.law.rule import LateFiling, Rule, Version
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import (
    ExplainRequest,
    Revision,
    explain_choice,
)

CONFIDENCE_IN_WORDS: Final = {
    "read": "the clause itself was read",
    "second-hand": "known from a page about it",
    "example": "an example, no law",
    "unverified": "nobody has verified it",
}

LATE_FILING_IN_WORDS: Final[dict[LateFiling | None, str]] = {
    "accepted": "the law still accepts an application after closing",
    "refused": "the law refuses an application after closing",
    None: "the law does not say what happens to an application after closing",
}


def build_trace(
    law: Law,
    request: ExplainRequest,
    computation: LadderComputation,
    revisions: Sequence[Revision] = (),
) -> Iterator[str]:
    """Explain how the version was chosen, the days were counted and the steps dated.

    Yields one line for each fact; each can be read alone. `revisions` are those of the
    version's series in the order they were installed.
    """
    yield from explain_choice(law, request, computation.version, revisions)
    yield _source(computation.version)
    yield from _conflicts(computation)
    yield _anchor(computation)
    yield from explain_counting(
        computation.edges, computation.law_calendar, computation.authority
    )
    yield _late_filing(computation.version)
    yield f"zones: {_zones(computation)}"
    yield from _sender(computation)
    yield from _never(law.rule(request.rule), computation.version)
    yield from explain_steps(computation)


def _source(version: Version) -> str:
    source = version.reference
    how = CONFIDENCE_IN_WORDS[source.confidence]
    return (
        f"source: {source.title} {source.article}; {how}, checked on "
        f"{source.checked_on}"
    )


def _conflicts(computation: LadderComputation) -> Iterator[str]:
    office = computation.authority
    for other in computation.version.conflicts:
        edge = compute_closing(
            other.closes,
            computation.window.expires_on,
            computation.law_calendar,
            office.unqualified_days,
            office.margin_working_days,
        )
        yield (
            f"conflict: {other.title} says {other.closes}, which would be "
            f"{edge.safe_on}; {other.note.en}"
        )


def _anchor(computation: LadderComputation) -> str:
    day = computation.window.expires_on
    match computation.version.counts_from:
        case "expiry":
            return f"anchor: periods count from the expiry date, {day}"
        case "month-end":
            return (
                f"anchor: periods count from {day}, the end of the month of the "
                f"expiry date {computation.expires_on}"
            )
        case _:
            return (
                f"anchor: periods count from {day}, the same day for all permits, "
                f"whatever the expiry date ({computation.expires_on})"
            )


def _late_filing(version: Version) -> str:
    line = f"late filing: {LATE_FILING_IN_WORDS[version.late_filing]}"
    return f"{line}; texts say: {version.late.en}" if version.late else line


def _zones(computation: LadderComputation) -> str:
    """The days that are in time, late and expired."""
    opens, closes, ends = (
        computation.window.opens_on,
        computation.window.closes_on,
        _last_day(computation),
    )
    since = f"from {opens} " if opens else ""
    if closes > ends:
        return f"in time {since}until {closes}, although the permit expires on {ends}"
    if closes == ends:
        return f"in time {since}until {closes}, expired after that"
    after = closes + DAY
    late = f"late on {ends}" if after == ends else f"late from {after} until {ends}"
    return f"in time {since}until {closes}, {late}, expired after that"


def _last_day(computation: LadderComputation) -> date:
    """The day the permit ends: its expiry date, or the last day of that month."""
    ends = computation.version.counts_from == "month-end"
    return computation.window.expires_on if ends else computation.expires_on


def _sender(computation: LadderComputation) -> Iterator[str]:
    office = computation.sender
    if office.code == computation.authority.code:
        return
    days = "".join(f" {day}" for day in sorted(_weekdays(computation)))
    on = f"on ISO weekdays{days}" if days else f"on working days of {office.calendar}"
    yield (
        f"sender: {office.name.en} ({office.code}) texts for "
        f"{computation.authority.code}, "
        f"{on} from {office.sends_from:%H:%M} to {office.sends_until:%H:%M} "
        f"{office.zone.key}"
    )


def _weekdays(computation: LadderComputation) -> frozenset[int]:
    days = computation.sender.sending_days
    return frozenset() if days == "working" else days


def _never(rule: Rule, version: Version) -> Iterator[str]:
    if rule.never is not None:
        yield (
            f"nothing is texted: {rule.code} never reminds ({rule.never.because}): "
            f"{rule.never.why.en}"
        )
    elif version.reference.confidence == "unverified":
        yield f"nothing is texted: nobody has verified the source of {version.key}"
