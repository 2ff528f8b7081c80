"""Going live: which types may start, which permits are late, how a catch-up spreads."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from service.domain.calendars.calendar import DAY
from service.domain.deadlines.slot import Slot
from service.domain.deadlines.window import Window
from service.domain.errors import InvalidError, Mistake
from service.domain.law.authority import Authority
from service.domain.law.rule import CONTACT_NOW, Rule, Version
from service.domain.lawbook.law import Law
from service.domain.local_time import format_local_time

GoLiveState = Literal["draft", "trial", "live"]

LONGEST_OVERRUN: Final = timedelta(days=31)
"""Longest time a permit runs on after its expiry date: to the end of that month."""

LONGEST_AHEAD: Final = timedelta(days=366)
"""How far ahead a start may be set: what is approved now holds for a year."""

Shares = list[tuple[datetime, int]]
"""(instant, number of reminders that go out from then on), in order of time."""


@dataclass(frozen=True, slots=True)
class GoLive:
    """The start of some permit types in one authority, approved by a named person.

    `catch_up_days` is the number of sending days over which the steps current at the
    start are spread. With 0, a step that fell due before `live_from` is not sent.
    """

    authority: str
    rules: tuple[str, ...]
    live_from: datetime
    approved_by: str
    catch_up_days: int = 0


def check_start(live_from: datetime, now: datetime, office: Authority) -> None:
    """Raise `InvalidError` for a start before today, or more than a year ahead.

    From an earlier day, all steps current now would be texted at once; a catch-up
    spreads them.
    """
    midnight = office.to_utc(now.astimezone(office.zone).date(), time(0))
    if not midnight <= live_from <= now + LONGEST_AHEAD:
        first, last = (
            format_local_time(at, office.zone) for at in (midnight, now + LONGEST_AHEAD)
        )
        expected = (
            f"an instant from {first} to {last}; a catch-up texts the steps that are "
            "current already"
        )
        raise InvalidError(
            "going live", [Mistake("from", live_from.isoformat(), expected)]
        )


@dataclass(frozen=True, slots=True)
class LateGroup:
    """Permits past their closing, but not past their end at `ends_at`."""

    version: Version
    window: Window
    ends_at: datetime

    def contact_slot(self, now: datetime) -> Slot | None:
        """Make the step that asks holders to contact the office.

        None unless the law accepts late applications.
        """
        if self.version.late_filing != "accepted":
            return None
        return Slot(CONTACT_NOW, now, self.ends_at, self.ends_at, CONTACT_NOW)


def find_late_group(
    law: Law, series: str, authority: str, expires_on: date, now: datetime
) -> LateGroup | None:
    """The group of permits, if today is after its closing and not after its end."""
    version = law.current_version(series)
    window = law.ladder(version.rule, version, authority, expires_on).window
    office = law.sending_office(authority)
    if not window.closes_on < now.astimezone(office.zone).date() <= window.expires_on:
        return None
    return LateGroup(version, window, office.to_utc(window.expires_on + DAY, time(0)))


def find_hindrance(rule: Rule, lineage: Container[str]) -> str | None:
    """Why a rule may not go live; None if it may.

    `lineage` has the codes of the office and of those above it.
    """
    if rule.never is not None:
        return f"never reminds ({rule.never.because}): {rule.never.why.en}"
    for version in rule.versions:
        here = version.jurisdiction is None or version.jurisdiction in lineage
        if here and version.reference.confidence == "unverified":
            return (
                f"nobody has read the source of {version.key} yet; check it, and say "
                "so in its reference, before anybody is texted by it"
            )
    return None


def next_sending_days(
    now: datetime, count: int, office: Authority, working_days: Container[date]
) -> list[datetime]:
    """List the instants at which an office starts texting on its next `count` days.

    The first is `now` if the office texts at that moment.
    """
    days = [office.next_sending_at(now, working_days)]
    while len(days) < count:
        following = days[-1].astimezone(office.zone).date() + DAY
        midnight = office.to_utc(following, time(0))
        days.append(office.next_sending_at(midnight, working_days))
    return days


def spread_catch_up(
    counts_by_end: Sequence[tuple[datetime, int]], days: Sequence[datetime]
) -> Shares:
    """Spread reminders evenly over `days`, those that end soonest first.

    `counts_by_end` has the number of reminders that end at each instant. None is
    postponed to a day on which it has ended, so a day may get more than its even share.
    """
    left = sum(count for _, count in counts_by_end)
    shares, placed = Shares(), 0
    for index, day in enumerate(days):
        share = -(-left // (len(days) - index))
        for next_day in days[index + 1 : index + 2]:
            ended = sum(
                count for ends_at, count in counts_by_end if ends_at <= next_day
            )
            share = max(share, ended - placed)
        shares.append((day, share))
        left, placed = left - share, placed + share
    return shares
