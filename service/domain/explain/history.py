"""What happened to a reminder, move by move, in plain English."""

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
    """The message of a move: to which masked phone, through whom, refused why."""

    masked_phone: str
    provider: str
    code: str | None


@dataclass(frozen=True, slots=True)
class StateChange:
    """A reminder became another, after its birth."""

    at: datetime
    state: ReminderState
    reason: str | None
    sms: HistorySms | None


@dataclass(frozen=True, slots=True)
class ReminderHistory:
    """A reminder as it stands, and the moves that led there in order.

    `told_on` is the closing day its text names; `redated_at` when a change of the law
    moved it last, to what `version` says. `retry_at` is until when it is left alone
    after a POST that was not taken; None where that is over.
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
    """What happened at an instant."""

    at: datetime
    what: str


def build_history(reminder: ReminderHistory, zone: ZoneInfo) -> list[HistoryEntry]:
    """Tell a reminder from its birth to where it stands."""
    told = [_creation_entry(reminder, zone), *_change_entries(reminder)]
    if reminder.redated_at is not None and reminder.redated_at != reminder.created_at:
        told.append(
            HistoryEntry(reminder.redated_at, f"dated anew: {_dated(reminder, zone)}")
        )
    return sorted(told, key=lambda one: one.at)


def describe_outcome(
    reminder: ReminderHistory, situation: PermitSituation, zone: ZoneInfo
) -> str:
    """Say in one sentence what became of a reminder so far."""
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
    said = {
        _R.RETRYING: f"{sent}, not delivered, to be sent again: {reminder.reason}",
        _R.SENDING: f"being sent{to}",
        _R.UNCERTAIN: f"perhaps sent{to}, the provider is asked: {reminder.reason}",
        _R.SENT: f"{sent}, no word of its delivery yet",
        _R.DELIVERED: f"{sent} and delivered",
        _R.FAILED: f"{sent}, {_failed(reminder.reason, sms)}",
    }
    return said[reminder.state]


def _accepted_at(reminder: ReminderHistory, sms: HistorySms | None) -> datetime | None:
    """When the provider took that message; its first one where nothing says more."""
    sent = (one for one in reminder.changes if one.state is _R.SENT and one.sms is sms)
    return next((one.at for one in sent), reminder.sent_at)


def _due_in_words(
    reminder: ReminderHistory, situation: PermitSituation, zone: ZoneInfo
) -> str:
    if held := _held_in_words(reminder, situation, zone):
        return f"due{held}"
    if reminder.next_at > situation.now:
        put_off = (
            "due, put off until"
            if reminder.due_at <= situation.now
            else "not due before"
        )
        return f"{put_off} {format_local_time(reminder.next_at, zone)}"
    if reminder.retry_at is not None:
        waits = f"due, put off until {format_local_time(reminder.retry_at, zone)}"
        return f"{waits}, for the provider did not take it: {reminder.reason}"
    return "due: the next tick looks at it"


def _retry_in_words(
    reminder: ReminderHistory, situation: PermitSituation, zone: ZoneInfo
) -> str:
    """Say what keeps it from being sent again, or when that is."""
    if held := _held_in_words(reminder, situation, zone):
        return held
    if reminder.next_at > situation.now:
        return f", not before {format_local_time(reminder.next_at, zone)}"
    return ""


def _held_in_words(
    reminder: ReminderHistory, situation: PermitSituation, zone: ZoneInfo
) -> str:
    """Say what keeps it from being sent, a pause or a hold and until when, if any."""
    if stopped := pause_in_words(situation, zone):
        return f", but {stopped}"
    if reminder.hold_reason is None:
        return ""
    return (
        f", held until {format_local_time(reminder.next_at, zone)}: "
        f"{reminder.hold_reason}"
    )


def _creation_entry(reminder: ReminderHistory, zone: ZoneInfo) -> HistoryEntry:
    """A birth is no move: it shows in the first one, or in how the reminder stands."""
    again = bool(reminder.changes) and reminder.changes[0].state is _R.DUE
    stillborn = reminder.state is _R.MISSED and not reminder.changes
    if again or stillborn:
        reason = f": {reason_in_words(reminder.reason)}" if stillborn else ""
        return HistoryEntry(reminder.created_at, f"written down as missed{reason}")
    if is_correction(reminder.step):
        return HistoryEntry(
            reminder.created_at, "made, because too late a day had been told"
        )
    if reminder.step.startswith(CONTACT_NOW):
        return HistoryEntry(
            reminder.created_at, "made, because closing was past at the start"
        )
    moved = (
        reminder.redated_at is not None and reminder.redated_at != reminder.created_at
    )
    return HistoryEntry(
        reminder.created_at, "made" if moved else f"made, {_dated(reminder, zone)}"
    )


def _dated(reminder: ReminderHistory, zone: ZoneInfo) -> str:
    due, until = (
        format_local_time(reminder.due_at, zone),
        format_local_time(reminder.until_at, zone),
    )
    return f"due {due}, current until {until}, by {reminder.version}"


def _change_entries(reminder: ReminderHistory) -> Iterator[HistoryEntry]:
    last = max(
        (at for at, one in enumerate(reminder.changes) if one.state is _R.SENT),
        default=None,
    )
    for at, move in enumerate(reminder.changes):
        named = (
            f"; it names {reminder.announced_on} as the last day"
            if reminder.announced_on
            else ""
        )
        yield HistoryEntry(
            move.at, _change_in_words(move) + (named if at == last else "")
        )


def _change_in_words(change: StateChange) -> str:
    sms = change.sms
    to, through = _to(sms), f" through {sms.provider}" if sms else ""
    again = f"the provider did not take it: {change.reason}"
    if change.reason == REOPENED:
        again = "what had ended it is gone"
    said = {
        _R.DUE: f"due again, {again}",
        _R.RETRYING: f"to be sent again: {change.reason}",
        _R.SENDING: f"handed over{to}",
        _R.UNCERTAIN: f"outcome unknown: {change.reason}",
        _R.SENT: f"sent{to}{through}",
        _R.DELIVERED: f"delivered{to}",
        _R.FAILED: _failed(change.reason, sms),
    }
    return said.get(change.state, f"{change.state}: {reason_in_words(change.reason)}")


def _to(sms: HistorySms | None) -> str:
    return f" to {sms.masked_phone}" if sms else ""


def _failed(reason: str | None, sms: HistorySms | None) -> str:
    """A refusal says what it is; all else is the state in which a message ended."""
    code = f", code {sms.code}" if sms and sms.code else ""
    refused = reason is not None and reason.startswith("refused")
    return f"{reason}{code}" if refused else f"not delivered ({reason}){code}"
