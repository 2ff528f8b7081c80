"""Whether a reminder may be sent now: true when sent, or not sent, with a reason.

DESIGN promises: once, true when sent, every reminder ends with a reason.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from service.domain.delivery.retry import NO_ROUTE
from service.domain.delivery.status import ReminderState
from service.domain.law.authority import Authority
from service.domain.permits.permit import PermitStatus
from service.domain.permits.phone import Line


@dataclass(frozen=True, slots=True)
class Candidate:
    """What is known about one due reminder at the moment it would be sent.

    A correction waits for no gap, so it has no `last_sent_at`. `last_told_on` is the
    closing day that the holder was told last, or may have been. `outside_trial`: the
    type is on trial, and the recipient no staff. `hold_reason` is why it has been held
    until now. `line`, `opted_out` and `unreachable` are of the phone that it would go
    to. `again`: a provider has accepted it before, and the text did not arrive.
    """

    expires_on: date
    until_at: datetime
    permit_expires_on: date
    permit_status: PermitStatus
    replaced: bool
    renewal_filed_on: date | None
    line: Line | None
    opted_out: bool
    last_sent_at: datetime | None
    last_told_on: date | None
    register_valid_until: datetime | None
    outside_trial: bool = False
    unreachable: bool = False
    again: bool = False
    hold_reason: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The reminder ends here, for a reason people can read and count."""

    state: ReminderState
    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Not now: the reminder stays due and is looked at again at `until`."""

    until: datetime
    reason: str


def decide(
    it: Candidate, now: datetime, opens_at: Callable[[], datetime], min_gap_days: int
) -> End | Hold | None:
    """The end or hold of a reminder, or None when it may be sent at `now`.

    `opens_at` says the office's `next_sending`, and is asked only where nothing ends
    the reminder; two reminders of one permit are at least `min_gap_days` apart.
    """
    if end := ended(it, now):
        return End(ReminderState.FAILED, end.reason) if it.again else end
    return _hold(it, now, opens_at(), min_gap_days)


def ended(it: Candidate, now: datetime) -> End | None:
    """The end of a reminder that is no longer asked for, possible or welcome."""
    if end := _withdrawn(it):
        return end
    if it.until_at <= now:
        unsent = NO_ROUTE if it.hold_reason == NO_ROUTE else "window closed"
        return End(ReminderState.MISSED, unsent)
    if reason := _unwelcome(it):
        return End(ReminderState.SUPPRESSED, reason)
    return None


def _unwelcome(it: Candidate) -> str | None:
    """Why nothing can be, or may be, sent to its phone."""
    if it.line is None:
        return "no phone number"
    if it.line is not Line.MOBILE:
        return "no mobile number"
    if it.opted_out:
        return "opted out"
    return "no reachable number" if it.unreachable else None


def _withdrawn(it: Candidate) -> End | None:
    cancelled = ReminderState.CANCELLED
    if it.replaced:
        return End(cancelled, "renewed")
    if it.permit_expires_on != it.expires_on:
        renewed = it.permit_expires_on > it.expires_on
        return End(cancelled, "renewed" if renewed else "expiry corrected")
    if it.permit_status is not PermitStatus.ACTIVE:
        return End(cancelled, f"permit {it.permit_status}")
    if it.renewal_filed_on is not None:
        return End(cancelled, "renewal filed")
    return None


def _hold(
    it: Candidate, now: datetime, opens_at: datetime, min_gap_days: int
) -> Hold | None:
    if opens_at > now:
        return Hold(opens_at, "outside sending hours")
    if it.last_sent_at is not None:
        rested_at = it.last_sent_at + timedelta(days=min_gap_days)
        if rested_at > now:
            return Hold(rested_at, f"texted within {min_gap_days} days")
    if it.register_valid_until is not None and it.register_valid_until <= now:
        return Hold(now + timedelta(hours=1), "register is stale")
    if it.outside_trial:
        return Hold(now + timedelta(hours=1), "trial: not a staff number")
    return None


def next_sending(
    now: datetime, office: Authority, working: Container[date]
) -> datetime:
    """The first instant from `now` on at which the office texts; `now` if it does."""
    local = now.astimezone(office.zone)
    day = local.date()
    if office.sends_on(day, working):
        if local.time() < office.sends_from:
            return office.instant(day, office.sends_from)
        if local.time() < office.sends_until:
            return now
    day += timedelta(days=1)
    while not office.sends_on(day, working):
        day += timedelta(days=1)
    return office.instant(day, office.sends_from)
