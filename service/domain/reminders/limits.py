"""What an office and a phone may get in a day, and how fast a sender may go.

Texts are counted as they are claimed, whoever carries them; what was provably not taken
does not count.
"""

from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from service.domain.law.authority import Authority
from service.domain.reminders.eligibility import Hold

DAILY_LIMIT: Final = "daily limit of the office"
RECIPIENT_LIMIT: Final = "phone had its texts of the day"
LIMIT_HOLDS: Final = frozenset({DAILY_LIMIT, RECIPIENT_LIMIT})
"""Holds that a cap is the reason of."""

CLAIM_HORIZON: Final = 2.0
"""Seconds: a text whose turn comes later than that is claimed later."""

MAX_SEGMENTS: Final = 8
"""Of one SMS: longer ones are cut by carriers (Twilio's guidelines for China ask for at
most 500 characters, which are 8 segments)."""

DEFAULT_SENDER: Final = "default"
"""The sender of the settings, by which offices without one of their own send."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What must be counted before a claim is planned.

    `days` are the offices with a daily limit, and since when today counts there;
    `senders` those that may not go as fast as they can, and for how many seconds the
    longest text keeps each of them busy, whichever of its offices sends it.
    """

    day_starts: Mapping[str, datetime]
    sender_intervals: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Usage:
    """What the ledger has counted.

    `texts` are the instants of each phone's texts of the last two days, `today` the
    texts of the offices of `Limits.days`, `waits` the seconds until a sender is free
    (see `turns`).
    """

    texts_by_phone: Mapping[str, Sequence[datetime]]
    texts_by_office: Mapping[str, int]
    sender_waits: Mapping[str, float]


def compute_limits(offices: Collection[Authority], now: datetime) -> Limits:
    """The limits of these offices at an instant."""
    senders = dict[str, float]()
    for one in filter(_has_rate_limit, offices):
        longest = senders.get(sender_key(one), 0.0)
        senders[sender_key(one)] = max(longest, _busy_seconds(one, MAX_SEGMENTS))
    days = {one.code: one.day_start(now) for one in offices if one.daily_limit}
    return Limits(days, senders)


def clamp_sender_waits(
    waits: Mapping[str, float], limits: Limits
) -> Mapping[str, float]:
    """Seconds until each sender is free, of what the ledger says of them.

    Nobody is given a turn later than `HORIZON`: where one seems to be, a clock was set
    back.
    """
    return {
        sender: max(wait, 0.0)
        for sender, wait in waits.items()
        if wait <= CLAIM_HORIZON + limits.sender_intervals[sender]
    }


def sender_key(office: Authority) -> str:
    """By what name the pace of an office's sender is kept."""
    return office.sent_from or DEFAULT_SENDER


@dataclass(slots=True)
class LimitBudget:
    """What is left of the limits while a claim is planned."""

    usage: Usage
    now: datetime
    texts_by_phone: Counter[str] = field(default_factory=Counter)
    texts_by_office: Counter[str] = field(default_factory=Counter)
    sender_waits: dict[str, float] = field(default_factory=dict)

    def take_text(
        self,
        office: Authority,
        working_days: Container[date],
        recipient: str,
        segments: int,
    ) -> Hold | float | None:
        """Take one text out: in how many seconds it may start, or its hold.

        None where its sender's turn comes too late for this claim.
        """
        if held := self._limit_reached(office, recipient):
            return Hold(_sends_again_at(office, working_days, self.now), held)
        sender, delay = sender_key(office), 0.0
        if _has_rate_limit(office):
            delay = self.sender_waits.get(
                sender, self.usage.sender_waits.get(sender, 0.0)
            )
            if delay > CLAIM_HORIZON:
                return None
            self.sender_waits[sender] = delay + _busy_seconds(office, segments)
        self.texts_by_phone[recipient] += 1
        self.texts_by_office[office.code] += 1
        return delay

    def _limit_reached(self, office: Authority, recipient: str) -> str | None:
        most = office.daily_limit
        spent = (
            self.usage.texts_by_office.get(office.code, 0)
            + self.texts_by_office[office.code]
        )
        if most is not None and spent >= most:
            return DAILY_LIMIT
        had = self.texts_by_phone[recipient]
        if before := self.usage.texts_by_phone.get(recipient):
            since = office.day_start(self.now)
            had += sum(at >= since for at in before)
        return RECIPIENT_LIMIT if had >= office.recipient_daily_limit else None


def _has_rate_limit(office: Authority) -> bool:
    return bool(office.messages_per_second or office.segments_per_second)


def _busy_seconds(office: Authority, segments: int) -> float:
    """Seconds that a text keeps its sender busy."""
    a_text = 1 / office.messages_per_second if office.messages_per_second else 0.0
    if office.segments_per_second:
        return max(a_text, segments / office.segments_per_second)
    return a_text


def _sends_again_at(
    office: Authority, working_days: Container[date], now: datetime
) -> datetime:
    day = now.astimezone(office.zone).date() + timedelta(days=1)
    return office.next_sending_at(office.to_utc(day, time()), working_days)
