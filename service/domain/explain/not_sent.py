"""Explain in one sentence why nothing was sent in a step of a permit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from service.domain.deadlines.slot import Slot
from service.domain.delivery.pause import Pause
from service.domain.local_time import format_local_time
from service.domain.permits.permit import PermitStatus
from service.domain.permits.phone import PhoneLine
from service.domain.reminders.eligibility import Candidate, find_end
from service.domain.reminders.reasons import REASONS_IN_WORDS, WINDOW_CLOSED


@dataclass(frozen=True, slots=True)
class GoLiveStage:
    """Whether an office is on trial or live with a rule, and since when."""

    state: str
    live_from: datetime


@dataclass(frozen=True, slots=True)
class PermitSituation:
    """All that decides whether a permit is reminded of at `now`.

    `dated_at` is since when it has this expiry date and version. `line` and `opted_out`
    describe the phone that would be texted. `unexpanded_steps` have no reminders yet.
    `steps_moved_at` has the instant at which a change of the law last moved a step.
    `texted_steps` are the steps of this expiry date in which a text was, or may have
    been, sent; `later_steps` has, by step, those that come after it.
    """

    now: datetime
    authority: str
    expires_on: date
    status: PermitStatus
    replaced: bool
    renewal_filed_on: date | None
    registered_at: datetime
    dated_at: datetime
    line: PhoneLine | None
    opted_out: bool
    go_live: GoLiveStage | None
    pauses: Sequence[Pause]
    unexpanded_steps: frozenset[str]
    steps_moved_at: Mapping[str, datetime]
    texted_steps: frozenset[str]
    later_steps: Mapping[str, frozenset[str]]


def reason_in_words(reason: str | None) -> str:
    """Put a stored reason into words; an unknown one is returned as it is."""
    if reason and reason.startswith("by "):
        return f"{reason.removeprefix('by ')} fell due before it was sent"
    return REASONS_IN_WORDS.get(reason or "", reason or "no reason is stored")


def explain_unsent(slot: Slot, situation: PermitSituation, zone: ZoneInfo) -> str:
    """Explain why a step has no reminder, or what it waits for."""
    if slot.due_at > situation.now:
        due = f"not due before {format_local_time(slot.due_at, zone)}"
        if against := next(_obstacles(slot, situation, zone), None):
            return f"{due}; as things stand it will not be sent: {against}"
        return due
    reasons = (
        *_missed_because(slot, situation, zone),
        *_obstacles(slot, situation, zone),
    )
    return f"not sent: {reasons[0]}" if reasons else _without_reason(slot, situation)


def pause_in_words(situation: PermitSituation, zone: ZoneInfo) -> str | None:
    """Describe the oldest pause in force; None if sending is not paused."""
    if not situation.pauses:
        return None
    pause = situation.pauses[0]
    since = format_local_time(pause.since, zone)
    return f"{pause.scope} has been paused since {since} by {pause.by}: {pause.reason}"


def _missed_because(
    slot: Slot, situation: PermitSituation, zone: ZoneInfo
) -> Iterator[str]:
    """Reasons of a step that was over before the permit, the start or the law came."""
    if situation.go_live is None or situation.go_live.state != "live":
        return
    if situation.dated_at >= slot.until_at:
        new = situation.dated_at == situation.registered_at
        what = "registered" if new else "given this expiry date"
        at = format_local_time(situation.dated_at, zone)
        yield f"the permit was {what} on {at}, when this step was over"
    if slot.due_at < situation.go_live.live_from:
        since = format_local_time(situation.go_live.live_from, zone)
        yield f"{situation.authority} is live with this law only from {since}"
    if (
        slot.step in situation.steps_moved_at
        and situation.steps_moved_at[slot.step] >= slot.until_at
    ):
        at = format_local_time(situation.steps_moved_at[slot.step], zone)
        yield f"the law was changed on {at}, when this step was over"


def _obstacles(slot: Slot, situation: PermitSituation, zone: ZoneInfo) -> Iterator[str]:
    """Reasons that prevent the step from being sent, whenever it falls due."""
    yield from _not_live(slot, situation, zone)
    if situation.texted_steps & set(slot.replaces):
        former = ", ".join(sorted(situation.texted_steps & set(slot.replaces)))
        yield f"the holder was texted in {former}, which this step replaces"
    if after := situation.texted_steps & situation.later_steps.get(slot.step, set()):
        yield f"the holder was already texted in {', '.join(sorted(after))}"
    if end := find_end(_candidate(slot, situation), min(situation.now, slot.due_at)):
        yield reason_in_words(end.reason)
    if situation.now < slot.until_at and (stopped := pause_in_words(situation, zone)):
        yield stopped


def _not_live(slot: Slot, situation: PermitSituation, zone: ZoneInfo) -> Iterator[str]:
    if situation.go_live is None:
        yield f"{situation.authority} has not gone live with this law"
    elif situation.go_live.state != "live":
        yield (
            f"{situation.authority} is on trial with this law: only its staff is texted"
        )
    elif situation.go_live.live_from > max(situation.now, slot.due_at):
        since = format_local_time(situation.go_live.live_from, zone)
        yield f"{situation.authority} is live with this law only from {since}"


def _candidate(slot: Slot, situation: PermitSituation) -> Candidate:
    return Candidate(
        expires_on=situation.expires_on,
        until_at=slot.until_at,
        permit_expires_on=situation.expires_on,
        permit_status=situation.status,
        replaced=situation.replaced,
        renewal_filed_on=situation.renewal_filed_on,
        line=situation.line,
        opted_out=situation.opted_out,
        last_sent_at=None,
        last_announced_on=None,
        register_valid_until=None,
    )


def _without_reason(slot: Slot, situation: PermitSituation) -> str:
    if slot.step in situation.unexpanded_steps:
        if slot.until_at <= situation.now:
            return f"not sent: {REASONS_IN_WORDS[WINDOW_CLOSED]}"
        return "due: the next tick makes its reminder"
    return "not sent: it has no reminder, and the ledger does not say why; run `audit`"
