"""Tell the history of a reminder, one transition after the other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from service.domain.delivery.status import NEVER_ACCEPTED, ReminderState
from service.domain.explain.not_sent import (
    PermitSituation,
    pause_in_words,
    reason_in_words,
)
from service.domain.law.rule import CONTACT_NOW, is_correction
from service.domain.local_time import format_local_time
from service.domain.reminders.reasons import REOPENED

_R = ReminderState


@dataclass(frozen=True, slots=True)
class HistorySms:
    """The message of a transition; `code` is the provider's error code, if any."""

    masked_phone: str
    provider: str
    code: str | None


@dataclass(frozen=True, slots=True)
class StateChange:
    """A transition of a reminder to another state, after it was created."""

    at: datetime
    state: ReminderState
    reason: str | None
    sms: HistorySms | None


@dataclass(frozen=True, slots=True)
class ReminderHistory:
    """A reminder in its present state, and its transitions in order.

    `announced_on` is the closing day that its text names, if any. `redated_at` is when
    a change of the law last gave it new dates, those of `version`. `retry_at` is the
    end of the wait after a message that was not accepted; None without such a wait.
    """

    step: str
    expires_on: date
    version: str
    due_at: datetime
    until_at: datetime
    created_at: datetime
    state: ReminderState
    reason: str | None
    next_at: datetime
    hold_reason: str | None
    retry_at: datetime | None
    sent_at: datetime | None
    announced_on: date | None
    redated_at: datetime | None
    changes: Sequence[StateChange]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An event of a history, in words."""

    at: datetime
    what: str


def build_history(reminder: ReminderHistory, zone: ZoneInfo) -> list[HistoryEntry]:
    """Tell what happened to a reminder since it was created, in order of time."""
    entries = [_creation_entry(reminder, zone), *_change_entries(reminder)]
    if reminder.redated_at is not None and reminder.redated_at != reminder.created_at:
        entries.append(
            HistoryEntry(reminder.redated_at, f"new dates: {_dated(reminder, zone)}")
        )
    return sorted(entries, key=lambda entry: entry.at)


def describe_outcome(
    reminder: ReminderHistory, situation: PermitSituation, zone: ZoneInfo
) -> str:
    """Say in one sentence what has happened to a reminder so far."""
    if reminder.state is _R.DUE:
        return _due_in_words(reminder, situation, zone)
    if reminder.state in NEVER_ACCEPTED:
        return f"not sent ({reminder.state}): {reason_in_words(reminder.reason)}"
    again = (
        _retry_in_words(reminder, situation, zone)
        if reminder.state is _R.RETRYING
        else ""
    )
    return f"{_posted_in_words(reminder, zone)}{again}"


def _posted_in_words(reminder: ReminderHistory, zone: ZoneInfo) -> str:
    sms = next((one.sms for one in reversed(reminder.changes) if one.sms), None)
    to, at = _to(sms), _accepted_at(reminder, sms)
    sent = f"sent{to} on {format_local_time(at, zone)}" if at else "not sent"
    in_words = {
        _R.RETRYING: f"{sent}, not delivered, will be sent again: {reminder.reason}",
        _R.SENDING: f"being sent{to}",
        _R.UNCERTAIN: f"perhaps sent{to}, the provider is asked: {reminder.reason}",
        _R.SENT: f"{sent}, no delivery receipt yet",
        _R.DELIVERED: f"{sent} and delivered",
        _R.FAILED: f"{sent}, {_failed(reminder.reason, sms)}",
    }
    return in_words[reminder.state]


def _accepted_at(reminder: ReminderHistory, sms: HistorySms | None) -> datetime | None:
    """When the provider accepted `sms`, or else the reminder's first message."""
    sent = (one for one in reminder.changes if one.state is _R.SENT and one.sms is sms)
    return next((one.at for one in sent), reminder.sent_at)


def _due_in_words(
    reminder: ReminderHistory, situation: PermitSituation, zone: ZoneInfo
) -> str:
    if held := _held_in_words(reminder, situation, zone):
        return f"due{held}"
    if reminder.next_at > situation.now:
        until = format_local_time(reminder.next_at, zone)
        if reminder.due_at <= situation.now:
            return f"due, postponed until {until}"
        return f"not due before {until}"
    if reminder.retry_at is not None:
        until = format_local_time(reminder.retry_at, zone)
        return (
            f"due, postponed until {until}, because the provider did not accept it: "
            f"{reminder.reason}"
        )
    return "due: the next tick looks at it"


def _retry_in_words(
    reminder: ReminderHistory, situation: PermitSituation, zone: ZoneInfo
) -> str:
    """What prevents it from being sent again, or when it will be; may be empty."""
    if held := _held_in_words(reminder, situation, zone):
        return held
    if reminder.next_at > situation.now:
        return f", not before {format_local_time(reminder.next_at, zone)}"
    return ""


def _held_in_words(
    reminder: ReminderHistory, situation: PermitSituation, zone: ZoneInfo
) -> str:
    """The pause or hold that prevents it from being sent; empty if there is none."""
    if stopped := pause_in_words(situation, zone):
        return f", but {stopped}"
    if reminder.hold_reason is None:
        return ""
    until = max(reminder.next_at, reminder.retry_at or reminder.next_at)
    return f", held until {format_local_time(until, zone)}: {reminder.hold_reason}"


def _creation_entry(reminder: ReminderHistory, zone: ZoneInfo) -> HistoryEntry:
    """Tell how the reminder was created: due or missed.

    The state at its creation is not stored: it follows from the first transition, or
    without one from the present state.
    """
    was_reopened = bool(reminder.changes) and reminder.changes[0].state is _R.DUE
    is_still_missed = reminder.state is _R.MISSED and not reminder.changes
    if was_reopened or is_still_missed:
        reason = f": {reason_in_words(reminder.reason)}" if is_still_missed else ""
        return HistoryEntry(reminder.created_at, f"recorded as missed{reason}")
    if is_correction(reminder.step):
        return HistoryEntry(
            reminder.created_at, "created, because an earlier text named too late a day"
        )
    if reminder.step.startswith(CONTACT_NOW):
        return HistoryEntry(
            reminder.created_at,
            "created, because closing had passed when the office went live",
        )
    redated = (
        reminder.redated_at is not None and reminder.redated_at != reminder.created_at
    )
    dates = "" if redated else f", {_dated(reminder, zone)}"
    return HistoryEntry(reminder.created_at, f"created{dates}")


def _dated(reminder: ReminderHistory, zone: ZoneInfo) -> str:
    due, until = (
        format_local_time(reminder.due_at, zone),
        format_local_time(reminder.until_at, zone),
    )
    return f"due {due}, current until {until}, by {reminder.version}"


def _change_entries(reminder: ReminderHistory) -> Iterator[HistoryEntry]:
    last_sent = max(
        (at for at, change in enumerate(reminder.changes) if change.state is _R.SENT),
        default=None,
    )
    for at, change in enumerate(reminder.changes):
        what = _change_in_words(change)
        if at == last_sent and reminder.announced_on:
            what += f"; it names {reminder.announced_on} as the last day"
        yield HistoryEntry(change.at, what)


def _change_in_words(change: StateChange) -> str:
    sms = change.sms
    to, through = _to(sms), f" through {sms.provider}" if sms else ""
    why = f"the provider did not accept it: {change.reason}"
    if change.reason == REOPENED:
        why = "the cause of its end is gone"
    in_words = {
        _R.DUE: f"due again, because {why}",
        _R.RETRYING: f"will be sent again: {change.reason}",
        _R.SENDING: f"sending{to}",
        _R.UNCERTAIN: f"outcome unknown: {change.reason}",
        _R.SENT: f"sent{to}{through}",
        _R.DELIVERED: f"delivered{to}",
        _R.FAILED: _failed(change.reason, sms),
    }
    other = f"{change.state}: {reason_in_words(change.reason)}"
    return in_words.get(change.state, other)


def _to(sms: HistorySms | None) -> str:
    return f" to {sms.masked_phone}" if sms else ""


def _failed(reason: str | None, sms: HistorySms | None) -> str:
    """The cause of a failure: a refusal, or else the final state of the message."""
    code = f", code {sms.code}" if sms and sms.code else ""
    refused = reason is not None and reason.startswith("refused")
    return f"{reason}{code}" if refused else f"not delivered ({reason}){code}"
