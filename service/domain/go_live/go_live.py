"""Going live: which types may, who is late already, and how a catch-up is spread."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from service.domain.calendars.calendar import DAY
from service.domain.deadlines.slot import Slot
from service.domain.deadlines.window import Window
from service.domain.law.authority import Authority
from service.domain.law.rule import CONTACT_NOW, Rule, Version
from service.domain.lawbook.law import Law

GoLiveState = Literal["draft", "trial", "live"]

LONGEST_OVERRUN: Final = timedelta(days=31)
"""A permit may run on for so long after its expiry date: to the end of its month."""

Shares = list[tuple[datetime, int]]
"""How many reminders go out from each instant on, in order of time."""


@dataclass(frozen=True, slots=True)
class GoLive:
    """The start of some types in one authority, approved by a named person.

    `catch_up_days`: over how many sending days the steps current at the start are
    spread; with 0 what fell due before `live_from` is not texted.
    """

    authority: str
    rules: tuple[str, ...]
    live_from: datetime
    approved_by: str
    catch_up_days: int = 0


@dataclass(frozen=True, slots=True)
class LateGroup:
    """Permits past their closing and not past their end, which comes at `ends_at`."""

    version: Version
    window: Window
    ends_at: datetime

    def contact_slot(self, now: datetime) -> Slot | None:
        """Make the step that sends holders to the office, where the law lets them."""
        if self.version.late_filing != "accepted":
            return None
        return Slot(CONTACT_NOW, now, self.ends_at, self.ends_at, CONTACT_NOW)


def find_late_group(
    law: Law, series: str, authority: str, expires_on: date, now: datetime
) -> LateGroup | None:
    """Find out whether a group of permits is between its closing and its end."""
    version = law.current_version(series)
    window = law.ladder(version.rule, version, authority, expires_on).window
    office = law.sending_office(authority)
    if not window.closes_on < now.astimezone(office.zone).date() <= window.expires_on:
        return None
    return LateGroup(version, window, office.to_utc(window.expires_on + DAY, time(0)))


def find_hindrance(rule: Rule, lineage: Container[str]) -> str | None:
    """Say why nobody may be texted by a rule; `line` is the office and those above."""
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
    """List from when an office texts on its next days; if it does now, from `now`."""
    days = [office.next_sending_at(now, working_days)]
    while len(days) < count:
        following = days[-1].astimezone(office.zone).date() + DAY
        midnight = office.to_utc(following, time(0))
        days.append(office.next_sending_at(midnight, working_days))
    return days


def spread_catch_up(
    counts_by_end: Sequence[tuple[datetime, int]], days: Sequence[datetime]
) -> Shares:
    """Share reminders out evenly, what ends soonest first.

    `waiting` counts them by the instant at which they end. None is put off to a day
    on which it is over, so that a day may have more than its even share.
    """
    left = sum(count for _, count in counts_by_end)
    shares, gone = Shares(), 0
    for at, day in enumerate(days):
        share = -(-left // (len(days) - at))
        for following in days[at + 1 : at + 2]:
            over = sum(
                count for ends_at, count in counts_by_end if ends_at <= following
            )
            share = max(share, over - gone)
        shares.append((day, share))
        left, gone = left - share, gone + share
    return shares
