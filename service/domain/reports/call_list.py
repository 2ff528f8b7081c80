"""The call list: holders to telephone, because no text reaches them in time."""

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
    NOT_IN_REGISTER,
    OPTED_OUT,
    REGISTER_FAILED,
    REGISTER_STALE,
)

CALL_BEFORE_CLOSING: Final = timedelta(days=30)
"""From this time before closing, a holder who cannot be texted is to be called."""

HELD_CALL_BEFORE_CLOSING: Final = timedelta(days=5)
"""From this time before closing, a holder whose text is held back is to be called. Five
days include a weekend and leave time for the call and for the application."""

LAST_WORKING_DAYS: Final = 3
"""With at most so many working days left before closing, such a holder is called too,
even if a long holiday makes it more than five days."""

LONGEST_NORMAL_WAIT: Final = timedelta(hours=1)
"""A reminder that is due for longer without a hold waits for a turn at its sender. A
message whose outcome is unknown for longer may stay so until closing."""

LASTING_HOLDS: Final = LIMIT_HOLDS | {REGISTER_STALE, NOT_IN_REGISTER, REGISTER_FAILED}
"""Reasons of holds that may last beyond a closing; most other holds end in time."""


def held_back_reason(
    hold_reason: str | None,
    paused_by: str | None,
    waited: timedelta,
    *,
    outlasts_step: bool,
) -> str | None:
    """Why a due reminder is not sent; None if the cause ends within hours.

    `paused_by` is the author of a pause, if there is one. `waited` is how long the
    reminder could have been sent. `outlasts_step`: its hold ends after its step.
    """
    if hold_reason in LASTING_HOLDS or (hold_reason and outlasts_step):
        return hold_reason
    if paused_by is not None:
        return f"paused by {paused_by}"
    return "waits for its turn" if waited > LONGEST_NORMAL_WAIT else None


@dataclass(frozen=True, slots=True)
class PhoneState:
    """The phone that would be texted: the permit's first mobile one, or else its first.

    `line` is None if the permit has no phone.
    """

    line: PhoneLine | None
    opted_out: bool
    unreachable: bool

    def untextable_reasons(self) -> Iterator[str]:
        """Yield each reason why the phone cannot be texted."""
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
    """A permit whose holder is to be called; permit number and phones are masked."""

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
    """Permits that the law dates alike, past their closing or close to it.

    `closes_in` is the time until closing, in whole days; negative after it.
    `closing_is_near`: few days are left, or few working days.
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
        unknown_outcome: str | None,
    ) -> list[str]:
        """Why the holder of a permit in the group must be called; empty if not at all.

        `texted_steps` are those in which a text was sent or is about to be sent.
        `held_back_by` is the reason why such a text is not sent yet, `failure` the
        reason why the latest text did not arrive. `unknown_outcome` is what was seen of
        a text whose outcome has been unknown for longer than `LONGEST_NORMAL_WAIT`.
        """
        reasons = list(phone.untextable_reasons())
        if self.closes_in >= timedelta():
            closing = f"closing {_days_in_words(self.closes_in)}"
            if held_back_by and self.closing_is_near:
                reasons.append(f"held back: {held_back_by}, {closing}")
            if unknown_outcome is not None and self.closing_is_near:
                seen = f" ({unknown_outcome})" if unknown_outcome else ""
                reasons.append(
                    f"nobody knows whether the text went out{seen}, {closing}"
                )
            if failure and not reasons:
                reasons.append(f"the text failed: {failure}")
            return reasons
        if self.version.late_filing == "refused":
            return ["late filing is refused", *reasons]
        if self.version.late_filing is None:
            return ["the law is silent on late filing", *reasons]
        after = {step.name for step in self.version.steps if step.after_closing}
        if not (
            reasons or self.has_later_steps or texted_steps & (after | {CONTACT_NOW})
        ):
            return ["not texted since closing"]
        return reasons


def _days_in_words(time: timedelta) -> str:
    if not time:
        return "today"
    return f"in {time.days} day{'s' if time.days > 1 else ''}"


def find_call_group(
    law: Law, series: str, authority: str, expires_on: date, now: datetime
) -> CallGroup | None:
    """The group, if its closing is past or soon and its expiry is not past."""
    version = law.current_version(series)
    ladder = law.ladder(version.rule, version, authority, expires_on)
    office, closes_on = law.sending_office(authority), ladder.window.closes_on
    today = now.astimezone(office.zone).date()
    if today > ladder.window.expires_on or today + CALL_BEFORE_CLOSING < closes_on:
        return None
    working_days = law.calendar(office.calendar).certain_workdays
    left = (today + timedelta(days) for days in range(1, (closes_on - today).days + 1))
    return CallGroup(
        version=version,
        ladder=ladder,
        closes_in=closes_on - today,
        closing_is_near=closes_on - today <= HELD_CALL_BEFORE_CLOSING
        or sum(day in working_days for day in left) <= LAST_WORKING_DAYS,
        has_later_steps=any(slot.due_at > now for slot in ladder.slots),
    )
