"""The call list: who must be told by telephone, for no text will."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from service.domain.lawbook import Law
from service.domain.recipient import Line
from service.domain.rule import CONTACT_NOW, Version
from service.domain.schedule import Ladder

SOON: Final = timedelta(days=30)
"""So long before closing, who cannot be texted is called."""


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
    """A group of permits that may have to be called: past its closing, or soon."""

    version: Version
    ladder: Ladder
    late: bool
    texts_follow: bool

    def reasons(self, reach: Reach, texted: frozenset[str]) -> list[str]:
        """Say why a permit of the group must be called; nothing where a text does it.

        `texted` are the steps in which its holder was texted, or is about to be.
        """
        found = list(reach.reasons())
        if not self.late:
            return found
        if self.version.late_filing == "refused":
            return ["late filing is refused", *found]
        if self.version.late_filing is None:
            return ["the law is silent on late filing", *found]
        after = {step.name for step in self.version.steps if step.after_closing}
        if not (found or self.texts_follow or texted & (after | {CONTACT_NOW})):
            return ["not texted since closing"]
        return found


def calling(
    law: Law, series: str, authority: str, expires_on: date, now: datetime
) -> Calling | None:
    """Find out whether a group is late, or closes soon; None where it is neither."""
    version = law.standing(series)
    ladder = law.ladder(version.rule, version, authority, expires_on)
    today = now.astimezone(law.sender_of(authority).zone).date()
    if today > ladder.window.expires_on or today + SOON < ladder.window.closes_on:
        return None
    return Calling(
        version=version,
        ladder=ladder,
        late=ladder.window.closes_on < today,
        texts_follow=any(slot.due_at > now for slot in ladder.slots),
    )
