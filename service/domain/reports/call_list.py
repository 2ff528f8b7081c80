"""The call list: who must be told by telephone, for no text will, or none in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from service.domain.deadlines.slot import Ladder
from service.domain.law.rule import CONTACT_NOW, Version
from service.domain.lawbook.law import Law
from service.domain.permits.phone import Line
from service.domain.reminders.limits import CAPS

SOON: Final = timedelta(days=30)
"""So long before closing, who cannot be texted is called."""

NEAR: Final = timedelta(days=5)
"""So long before closing, whose text is held back is called: a weekend and the working
days around it, time for the office to call and for the holder to apply."""

LAST_DAYS: Final = 3
"""Working days before a closing: with no more than these left the office calls as well,
however long the holidays between them are."""

TURN: Final = timedelta(hours=1)
"""What is due for longer, though nothing holds it, waits for a turn of its sender; what
is unknown for longer may not be settled before a closing."""

STALE: Final = "register is stale"

HOLDS: Final = CAPS | {STALE}
"""Holds that nothing ends before a closing; most others end by themselves in time."""


def held(
    reason: str | None, paused_by: str | None, waited: timedelta, *, outlasts: bool
) -> str | None:
    """Say what keeps back a reminder that is due; None for what is over in hours.

    `reason` is its hold's, which may outlast its step; `waited` for how long it could
    have been sent.
    """
    if reason in HOLDS or (reason and outlasts):
        return reason
    if paused_by is not None:
        return f"paused by {paused_by}"
    return "waits for its turn" if waited > TURN else None


@dataclass(frozen=True, slots=True)
class Reach:
    """The phone that would be texted: the first mobile one, else the first, if any."""

    line: Line | None
    opted_out: bool
    unreachable: bool

    def reasons(self) -> Iterator[str]:
        """Say why no text arrives there."""
        if self.line is None:
            yield "no phone number"
        elif self.line is not Line.MOBILE:
            yield "no mobile number"
        if self.opted_out:
            yield "opted out"
        if self.unreachable:
            yield "unreachable"


@dataclass(frozen=True, slots=True)
class Call:
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
class Calling:
    """A group of permits that may have to be called: past its closing, or soon.

    `closes_in` are the days until it closes, negative where it is late; `near`: few of
    them, or few that the office works.
    """

    version: Version
    ladder: Ladder
    closes_in: timedelta
    near: bool
    texts_follow: bool

    def reasons(
        self,
        reach: Reach,
        texted: frozenset[str],
        held: str | None,
        failed: str | None,
        *,
        doubted: bool,
    ) -> list[str]:
        """Say why a permit of the group must be called; nothing where a text does it.

        `texted` are the steps in which its holder was texted, or is about to be;
        `held` is what holds such a text back, `failed` why the latest did not arrive.
        `doubted`: nobody knows, for longer than `TURN`, what became of one.
        """
        found = list(reach.reasons())
        if self.closes_in >= timedelta():
            closing = f"closing {_in(self.closes_in)}"
            if held and self.near:
                found.append(f"held back: {held}, {closing}")
            if doubted and self.near:
                found.append(f"nobody knows whether the text went out, {closing}")
            if failed and not found:
                found.append(f"the text failed: {failed}")
            return found
        if self.version.late_filing == "refused":
            return ["late filing is refused", *found]
        if self.version.late_filing is None:
            return ["the law is silent on late filing", *found]
        after = {step.name for step in self.version.steps if step.after_closing}
        if not (found or self.texts_follow or texted & (after | {CONTACT_NOW})):
            return ["not texted since closing"]
        return found


def _in(time: timedelta) -> str:
    if not time:
        return "today"
    return f"in {time.days} day{'s' if time.days > 1 else ''}"


def calling(
    law: Law, series: str, authority: str, expires_on: date, now: datetime
) -> Calling | None:
    """Find out whether a group is late, or closes soon; None where it is neither."""
    version = law.standing(series)
    ladder = law.ladder(version.rule, version, authority, expires_on)
    office, closes_on = law.sender_of(authority), ladder.window.closes_on
    today = now.astimezone(office.zone).date()
    if today > ladder.window.expires_on or today + SOON < closes_on:
        return None
    working = law.calendar(office.calendar).surely
    left = (today + timedelta(days) for days in range(1, (closes_on - today).days + 1))
    return Calling(
        version=version,
        ladder=ladder,
        closes_in=closes_on - today,
        near=closes_on - today <= NEAR
        or sum(day in working for day in left) <= LAST_DAYS,
        texts_follow=any(slot.due_at > now for slot in ladder.slots),
    )
