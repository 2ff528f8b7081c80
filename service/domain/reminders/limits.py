"""Limits: texts a day of an office and of a phone, and the rate of a sender.

A text counts from its claim on, with every provider, unless it was provably not
accepted.
"""

from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from service.domain.law.authority import Authority
from service.domain.reminders.eligibility import Hold

DAILY_LIMIT: Final = "daily limit of the office"
RECIPIENT_LIMIT: Final = "phone had its texts of the day"
LIMIT_HOLDS: Final = frozenset({DAILY_LIMIT, RECIPIENT_LIMIT})
"""Reasons of holds that a limit causes."""

RATE_UNUSABLE: Final = "rate of the sender is out of range"
"""Reason of a hold: an earlier release stored a rate that none can set now."""

SLOWEST_RATE: Final = 0.001
"""Texts, or their segments, that a sender may start in a second, at least."""

_UNUSABLE_RATE_HOLD: Final = timedelta(minutes=15)
"""Until a corrected rate is noticed."""

CLAIM_HORIZON: Final = 2.0
"""Seconds: a text whose turn at its sender comes later is left to a later claim."""

MAX_SEGMENTS: Final = 8
"""Segments of one SMS. Carriers cut longer ones: Twilio's guidelines for China ask for
at most 500 characters, which are 8 segments."""

DEFAULT_SENDER: Final = "default"
"""Key of the sender in the settings, which offices without their own sender use."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a store must count before a claim is planned.

    `day_starts` has each office with a daily limit and its last midnight (UTC).
    `sender_intervals` has each sender with a rate limit and the seconds that the
    longest possible text of any of its offices keeps it busy.
    """

    day_starts: Mapping[str, datetime]
    sender_intervals: Mapping[str, float]

    def of(self, offices: Collection[Authority]) -> "Limits":
        """The limits of some of the offices, and of their senders."""
        codes = {office.code for office in offices}
        senders = {sender_key(office) for office in offices}
        return Limits(
            {code: at for code, at in self.day_starts.items() if code in codes},
            {one: gap for one, gap in self.sender_intervals.items() if one in senders},
        )


@dataclass(frozen=True, slots=True)
class Usage:
    """What a store counted for `Limits`.

    `texts_by_phone` has the instants of each phone's texts of the last two days,
    `texts_by_office` today's texts of each office with a daily limit, `sender_waits`
    the seconds until each sender with a rate limit is free.
    """

    texts_by_phone: Mapping[str, Sequence[datetime]]
    texts_by_office: Mapping[str, int]
    sender_waits: Mapping[str, float]


def compute_limits(offices: Collection[Authority], now: datetime) -> Limits:
    """The limits that apply to these offices at `now`."""
    senders = dict[str, float]()
    for office in offices:
        if not _has_rate_limit(office) or has_unusable_rate(office):
            continue
        longest = senders.get(sender_key(office), 0.0)
        senders[sender_key(office)] = max(longest, _busy_seconds(office, MAX_SEGMENTS))
    days = {
        office.code: office.day_start(now) for office in offices if office.daily_limit
    }
    return Limits(days, senders)


def apply_horizon(usage: Usage, limits: Limits) -> Usage:
    """Make the stored waits of senders plausible: none negative, none too long.

    No claim takes a turn later than `CLAIM_HORIZON`. A longer wait means that a clock
    was set back, and is left out.
    """
    waits = {
        sender: max(wait, 0.0)
        for sender, wait in usage.sender_waits.items()
        if wait <= CLAIM_HORIZON + limits.sender_intervals[sender]
    }
    return replace(usage, sender_waits=waits)


def sender_key(office: Authority) -> str:
    """The key under which the turns of an office's sender are stored."""
    return office.sent_from or DEFAULT_SENDER


@dataclass(slots=True)
class LimitBudget:
    """What remains of the limits while a claim is planned.

    `usage` is what was counted before; the other counters are what this claim adds.
    """

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
        """Count one text: return in how many seconds it may start, or its hold.

        None, and nothing is counted, if the sender's turn is too late for this claim.
        """
        if has_unusable_rate(office):
            return Hold(self.now + _UNUSABLE_RATE_HOLD, RATE_UNUSABLE)
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
        office_texts = (
            self.usage.texts_by_office.get(office.code, 0)
            + self.texts_by_office[office.code]
        )
        if office.daily_limit is not None and office_texts >= office.daily_limit:
            return DAILY_LIMIT
        phone_texts = self.texts_by_phone[recipient]
        if before := self.usage.texts_by_phone.get(recipient):
            midnight = office.day_start(self.now)
            phone_texts += sum(at >= midnight for at in before)
        if phone_texts >= office.recipient_daily_limit:
            return RECIPIENT_LIMIT
        return None


def has_unusable_rate(office: Authority) -> bool:
    """Whether a stored rate is so low that its sender would never be free."""
    rates = office.messages_per_second, office.segments_per_second
    return any(rate and rate < SLOWEST_RATE for rate in rates)


def _has_rate_limit(office: Authority) -> bool:
    return bool(office.messages_per_second or office.segments_per_second)


def _busy_seconds(office: Authority, segments: int) -> float:
    """Seconds that a text of so many segments keeps the office's sender busy."""
    per_text = 1 / office.messages_per_second if office.messages_per_second else 0.0
    if office.segments_per_second:
        return max(per_text, segments / office.segments_per_second)
    return per_text


def _sends_again_at(
    office: Authority, working_days: Container[date], now: datetime
) -> datetime:
    day = now.astimezone(office.zone).date() + timedelta(days=1)
    return office.next_sending_at(office.to_utc(day, time()), working_days)
