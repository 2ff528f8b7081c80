"""What happened to a reminder, move by move, in plain English."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from service.domain.delivery.status import NEVER_ACCEPTED, ReminderState
from service.domain.explain.not_sent import Situation, paused, why
from service.domain.law.rule import CONTACT_NOW, corrects
from service.domain.local_time import local_time

_R = ReminderState

REOPENED: Final = "reopened"
"""Why a reminder that had ended is due again: nothing was wrong with sending it."""


@dataclass(frozen=True, slots=True)
class Sms:
    """The message of a move: to which masked phone, through whom, refused why."""

    to: str
    provider: str
    code: str | None


@dataclass(frozen=True, slots=True)
class Move:
    """A reminder became another, after its birth."""

    at: datetime
    state: ReminderState
    reason: str | None
    sms: Sms | None


@dataclass(frozen=True, slots=True)
class Told:
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
    born_at: datetime
    state: ReminderState
    reason: str | None
    next_at: datetime
    hold_reason: str | None
    retry_at: datetime | None
    sent_at: datetime | None
    told_on: date | None
    redated_at: datetime | None
    moves: Sequence[Move]


@dataclass(frozen=True, slots=True)
class Event:
    """What happened at an instant."""

    at: datetime
    what: str


def story(it: Told, zone: ZoneInfo) -> list[Event]:
    """Tell a reminder from its birth to where it stands."""
    told = [_birth(it, zone), *_moves(it)]
    if it.redated_at is not None and it.redated_at != it.born_at:
        told.append(Event(it.redated_at, f"dated anew: {_dated(it, zone)}"))
    return sorted(told, key=lambda one: one.at)


def outcome(it: Told, now: Situation, zone: ZoneInfo) -> str:
    """Say in one sentence what became of a reminder so far."""
    if it.state is _R.DUE:
        return _waiting(it, now, zone)
    if it.state in NEVER_ACCEPTED:
        return f"not sent ({it.state}): {why(it.reason)}"
    again = _again(it, now, zone) if it.state is _R.RETRYING else ""
    return f"{_carried(it, zone)}{again}"


def _carried(it: Told, zone: ZoneInfo) -> str:
    sms = next((one.sms for one in reversed(it.moves) if one.sms), None)
    to, at = _to(sms), _taken_at(it, sms)
    sent = f"sent{to} on {local_time(at, zone)}" if at else "not sent"
    said = {
        _R.RETRYING: f"{sent}, not delivered, to be sent again: {it.reason}",
        _R.SENDING: f"being sent{to}",
        _R.UNCERTAIN: f"perhaps sent{to}, the provider is asked: {it.reason}",
        _R.SENT: f"{sent}, no word of its delivery yet",
        _R.DELIVERED: f"{sent} and delivered",
        _R.FAILED: f"{sent}, {_failed(it.reason, sms)}",
    }
    return said[it.state]


def _taken_at(it: Told, sms: Sms | None) -> datetime | None:
    """When the provider took that message; its first one where nothing says more."""
    sent = (one for one in it.moves if one.state is _R.SENT and one.sms is sms)
    return next((one.at for one in sent), it.sent_at)


def _waiting(it: Told, now: Situation, zone: ZoneInfo) -> str:
    if held := _held(it, now, zone):
        return f"due{held}"
    if it.next_at > now.now:
        put_off = "due, put off until" if it.due_at <= now.now else "not due before"
        return f"{put_off} {local_time(it.next_at, zone)}"
    if it.retry_at is not None:
        waits = f"due, put off until {local_time(it.retry_at, zone)}"
        return f"{waits}, for the provider did not take it: {it.reason}"
    return "due: the next tick looks at it"


def _again(it: Told, now: Situation, zone: ZoneInfo) -> str:
    """Say what keeps it from being sent again, or when that is."""
    if held := _held(it, now, zone):
        return held
    if it.next_at > now.now:
        return f", not before {local_time(it.next_at, zone)}"
    return ""


def _held(it: Told, now: Situation, zone: ZoneInfo) -> str:
    """Say what keeps it from being sent, a pause or a hold and until when, if any."""
    if stopped := paused(now, zone):
        return f", but {stopped}"
    if it.hold_reason is None:
        return ""
    return f", held until {local_time(it.next_at, zone)}: {it.hold_reason}"


def _birth(it: Told, zone: ZoneInfo) -> Event:
    """A birth is no move: it shows in the first one, or in how the reminder stands."""
    again = bool(it.moves) and it.moves[0].state is _R.DUE
    stillborn = it.state is _R.MISSED and not it.moves
    if again or stillborn:
        reason = f": {why(it.reason)}" if stillborn else ""
        return Event(it.born_at, f"written down as missed{reason}")
    if corrects(it.step):
        return Event(it.born_at, "made, because too late a day had been told")
    if it.step.startswith(CONTACT_NOW):
        return Event(it.born_at, "made, because closing was past at the start")
    moved = it.redated_at is not None and it.redated_at != it.born_at
    return Event(it.born_at, "made" if moved else f"made, {_dated(it, zone)}")


def _dated(it: Told, zone: ZoneInfo) -> str:
    due, until = local_time(it.due_at, zone), local_time(it.until_at, zone)
    return f"due {due}, current until {until}, by {it.version}"


def _moves(it: Told) -> Iterator[Event]:
    last = max(
        (at for at, one in enumerate(it.moves) if one.state is _R.SENT), default=None
    )
    for at, move in enumerate(it.moves):
        named = f"; it names {it.told_on} as the last day" if it.told_on else ""
        yield Event(move.at, _moved(move) + (named if at == last else ""))


def _moved(move: Move) -> str:
    sms = move.sms
    to, through = _to(sms), f" through {sms.provider}" if sms else ""
    again = f"the provider did not take it: {move.reason}"
    if move.reason == REOPENED:
        again = "what had ended it is gone"
    said = {
        _R.DUE: f"due again, {again}",
        _R.RETRYING: f"to be sent again: {move.reason}",
        _R.SENDING: f"handed over{to}",
        _R.UNCERTAIN: f"outcome unknown: {move.reason}",
        _R.SENT: f"sent{to}{through}",
        _R.DELIVERED: f"delivered{to}",
        _R.FAILED: _failed(move.reason, sms),
    }
    return said.get(move.state, f"{move.state}: {why(move.reason)}")


def _to(sms: Sms | None) -> str:
    return f" to {sms.to}" if sms else ""


def _failed(reason: str | None, sms: Sms | None) -> str:
    """A refusal says what it is; all else is the state in which a message ended."""
    code = f", code {sms.code}" if sms and sms.code else ""
    refused = reason is not None and reason.startswith("refused")
    return f"{reason}{code}" if refused else f"not delivered ({reason}){code}"
