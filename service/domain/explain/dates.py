"""From anchor to instant: the reasoning of one expiry date, line by line."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from service.domain.calendars.calendar import DAY
from service.domain.deadlines.edge import closing
from service.domain.deadlines.ladder import Reckoning
from service.domain.explain.day_counting import counted
from service.domain.explain.steps import stepped
from service.domain.law.rule import LateFiling, Rule, Version
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import Asked, Revision, chosen

CONFIDENCE: Final = {
    "read": "the clause itself was read",
    "second-hand": "known from a page about it",
    "example": "an example, no law",
    "unverified": "nobody has verified it",
}

LATE_FILING: Final[dict[LateFiling | None, str]] = {
    "accepted": "the law still accepts an application after closing",
    "refused": "the law refuses an application after closing",
    None: "the law does not say what becomes of an application after closing",
}


def trace(
    law: Law, asked: Asked, it: Reckoning, revisions: Sequence[Revision] = ()
) -> Iterator[str]:
    """Say how the version was chosen, the days were counted and the steps dated.

    Each line can be read alone. `revisions` are those of the version's series in the
    order they were installed.
    """
    yield from chosen(law, asked, it.version, revisions)
    yield _source(it.version)
    yield from _conflicts(it)
    yield _anchor(it)
    yield from counted(it.edges, it.law, it.authority)
    yield _late_filing(it.version)
    yield f"zones: {_zones(it)}"
    yield from _sender(it)
    yield from _never(law.rule(asked.rule), it.version)
    yield from stepped(it)


def _source(version: Version) -> str:
    source = version.reference
    how = CONFIDENCE[source.confidence]
    return (
        f"source: {source.title} {source.article}; {how}, checked on "
        f"{source.checked_on}"
    )


def _conflicts(it: Reckoning) -> Iterator[str]:
    office = it.authority
    for other in it.version.conflicts:
        edge = closing(
            other.closes,
            it.window.expires_on,
            it.law,
            office.unqualified_days,
            office.margin_working_days,
        )
        yield (
            f"conflict: {other.title} says {other.closes}, which would be "
            f"{edge.told}; {other.note.en}"
        )


def _anchor(it: Reckoning) -> str:
    day = it.window.expires_on
    match it.version.counts_from:
        case "expiry":
            return f"anchor: periods count from the expiry date, {day}"
        case "month-end":
            return (
                f"anchor: periods count from {day}, the end of the month of the "
                f"expiry date {it.expires_on}"
            )
        case _:
            return (
                f"anchor: periods count from {day}, one day that is the same for "
                f"everybody, whatever the expiry date ({it.expires_on})"
            )


def _late_filing(version: Version) -> str:
    line = f"late filing: {LATE_FILING[version.late_filing]}"
    return f"{line}; texts say: {version.late.en}" if version.late else line


def _zones(it: Reckoning) -> str:
    """In time, late, expired: each with its first or last day."""
    opens, closes, ends = it.window.opens_on, it.window.closes_on, _last_day(it)
    since = f"from {opens} " if opens else ""
    if closes > ends:
        return f"in time {since}until {closes}, although the permit expires on {ends}"
    if closes == ends:
        return f"in time {since}until {closes}, expired after that"
    after = closes + DAY
    late = f"late on {ends}" if after == ends else f"late from {after} until {ends}"
    return f"in time {since}until {closes}, {late}, expired after that"


def _last_day(it: Reckoning) -> date:
    """The day the permit ends: of one that ends with its month, that month's last."""
    ends = it.version.counts_from == "month-end"
    return it.window.expires_on if ends else it.expires_on


def _sender(it: Reckoning) -> Iterator[str]:
    office = it.office
    if office.code == it.authority.code:
        return
    days = "".join(f" {day}" for day in sorted(_weekdays(it)))
    on = f"on ISO weekdays{days}" if days else f"on working days of {office.calendar}"
    yield (
        f"sender: {office.name.en} ({office.code}) texts for {it.authority.code}, "
        f"{on} from {office.sends_from:%H:%M} to {office.sends_until:%H:%M} "
        f"{office.zone.key}"
    )


def _weekdays(it: Reckoning) -> frozenset[int]:
    days = it.office.sending_days
    return frozenset() if days == "working" else days


def _never(rule: Rule, version: Version) -> Iterator[str]:
    if rule.never is not None:
        yield (
            f"nothing is texted: {rule.code} never reminds ({rule.never.because}): "
            f"{rule.never.why.en}"
        )
    elif version.reference.confidence == "unverified":
        yield f"nothing is texted: nobody has verified the source of {version.key}"
