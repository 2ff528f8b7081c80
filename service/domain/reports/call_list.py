"""The call list: who must be told by telephone, for no text will, or none in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from service.domain.deadlines.slot import Ladder
from service.domain.law.rule import CONTACT_NOW, Version
from service.domain.lawbook.law import Law
from service.domain.permits.phone import PhoneLine
from service.domain.reminders.limits import LIMIT_HOLDS
from service.domain.reminders.reasons import (
    NO_MOBILE,
    NO_PHONE,
    OPTED_OUT,
    REGISTER_STALE,
)

CALL_BEFORE_CLOSING: Final = timedelta(days=30)
"""So long before closing, who cannot be texted is called."""

HELD_CALL_BEFORE_CLOSING: Final = timedelta(days=5)
"""So long before closing, whose text is held back is called: a weekend and the working
days around it, time for the office to call and for the holder to apply."""

LAST_WORKING_DAYS: Final = 3
"""Working days before a closing: with no more than these left the office calls as well,
however long the holidays between them are."""

LONGEST_NORMAL_WAIT: Final = timedelta(hours=1)
"""What is due for longer, though nothing holds it, waits for a turn of its sender; what
is unknown for longer may not be settled before a closing."""

LASTING_HOLDS: Final = LIMIT_HOLDS | {REGISTER_STALE}
"""Holds that nothing ends before a closing; most others end by themselves in time."""


def held_back_reason(
    hold_reason: str | None,
    paused_by: str | None,
    waited: timedelta,
    *,
    outlasts_step: bool,
) -> str | None:
    """Say what keeps back a reminder that is due; None for what is over in hours.

    `reason` is its hold's, which may outlast its step; `waited` for how long it could
    have been sent.
    """
    if hold_reason in LASTING_HOLDS or (hold_reason and outlasts_step):
        return hold_reason
    if paused_by is not None:
        return f"paused by {paused_by}"
    return "waits for its turn" if waited > LONGEST_NORMAL_WAIT else None


@dataclass(frozen=True, slots=True)
class PhoneState:
    """The phone that would be texted: the first mobile one, else the first, if any."""

    line: PhoneLine | None
    opted_out: bool
    unreachable: bool

    def untextable_reasons(self) -> Iterator[str]:
        """Say why no text arrives there."""
        if self.line is None:
            yield NO_PHONE
        elif self.line is not PhoneLine.MOBILE:
            yield NO_MOBILE
        if self.opted_out:
            yield OPTED_OUT
        if self.unreachable:
            yield "unreachable"


@dataclass(frozen=True, slots=True)
class CallListEntry:
    """A permit whose holder is to be called, its numbers as they may be shown."""

    authority: str
    rule: str
    number: str
    holder: str
    phones: str
    closes_on: date
    expires_on: date
    why: str


@dataclass(frozen=True, slots=True)
class CallGroup:
    """A group of permits that may have to be called: past its closing, or soon.

    `closes_in` are the days until it closes, negative where it is late; `near`: few of
    them, or few that the office works.
    """

    version: Version
    ladder: Ladder
    closes_in: timedelta
    closing_is_near: bool
    has_later_steps: bool

    def call_reasons(
        self,
        phone: PhoneState,
        texted_steps: frozenset[str],
        held_back_by: str | None,
        failure: str | None,
        *,
        outcome_unknown: bool,
    ) -> list[str]:
        """Say why a permit of the group must be called; nothing where a text does it.

        `texted` are the steps in which its holder was texted, or is about to be;
        `held` is what holds such a text back, `failed` why the latest did not arrive.
        `doubted`: nobody knows, for longer than `TURN`, what became of one.
        """
        found = list(phone.untextable_reasons())
        if self.closes_in >= timedelta():
            closing = f"closing {_days_in_words(self.closes_in)}"
            if held_back_by and self.closing_is_near:
                found.append(f"held back: {held_back_by}, {closing}")
            if outcome_unknown and self.closing_is_near:
                found.append(f"nobody knows whether the text went out, {closing}")
            if failure and not found:
                found.append(f"the text failed: {failure}")
            return found
        if self.version.late_filing == "refused":
            return ["late filing is refused", *found]
        if self.version.late_filing is None:
            return ["the law is silent on late filing", *found]
        after = {step.name for step in self.version.steps if step.after_closing}
        if not (
            found or self.has_later_steps or texted_steps & (after | {CONTACT_NOW})
        ):
            return ["not texted since closing"]
        return found


def _days_in_words(time: timedelta) -> str:
    if not time:
        return "today"
    return f"in {time.days} day{'s' if time.days > 1 else ''}"


def find_call_group(
    law: Law, series: str, authority: str, expires_on: date, now: datetime
) -> CallGroup | None:
    """Find out whether a group is late, or closes soon; None where it is neither."""
    version = law.current_version(series)
    ladder = law.ladder(version.rule, version, authority, expires_on)
    office, closes_on = law.sending_office(authority), ladder.window.closes_on
    today = now.astimezone(office.zone).date()
    if today > ladder.window.expires_on or today + CALL_BEFORE_CLOSING < closes_on:
        return None
    working = law.calendar(office.calendar).certain_workdays
    left = (today + timedelta(days) for days in range(1, (closes_on - today).days + 1))
    return CallGroup(
        version=version,
        ladder=ladder,
        closes_in=closes_on - today,
        closing_is_near=closes_on - today <= HELD_CALL_BEFORE_CLOSING
        or sum(day in working for day in left) <= LAST_WORKING_DAYS,
        has_later_steps=any(slot.due_at > now for slot in ladder.slots),
    )
