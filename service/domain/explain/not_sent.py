"""Why a step of a permit has sent nothing, in one sentence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from service.domain.deadlines.slot import Slot
from service.domain.delivery.retry import NO_ROUTE
from service.domain.local_time import local_time
from service.domain.permits.permit import PermitStatus
from service.domain.permits.phone import Line
from service.domain.reminders.births import BEFORE_START, OVERTAKEN
from service.domain.reminders.eligibility import Candidate, ended

_OVER: Final = "its time was over before it could be sent"

WHY: Final[Mapping[str, str]] = {
    BEFORE_START: "it fell due before the office went live with this law",
    OVERTAKEN: _OVER,
    "window closed": _OVER,
    "no phone number": "the permit has no phone number",
    "no mobile number": "none of the permit's numbers is a mobile phone",
    "opted out": "the phone has opted out",
    "no reachable number": "none of the permit's numbers can be reached",
    NO_ROUTE: "the provider had no way to the phone, and nobody opened one in time",
    "renewed": "the permit has been renewed",
    "expiry corrected": "the permit ends on another date than was thought",
    "permit suspended": "the permit is suspended",
    "permit withdrawn": "the permit is withdrawn",
    "renewal filed": "its renewal has been applied for",
    "rule unverified": "nobody has verified the source of its rule",
    "rule changed": "the rule was changed and has no such step any more",
    "told date holds again": "the day that was told holds again",
}
"""The reasons that the ledger keeps of a reminder that was not sent, in words."""


@dataclass(frozen=True, slots=True)
class Start:
    """How far an office is with a rule: in trial or live, and from when."""

    state: str
    live_from: datetime


@dataclass(frozen=True, slots=True)
class Pause:
    """Sending was stopped for everything, a rule or an authority."""

    scope: str
    since: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides whether a permit is reminded of, as things stand at `now`.

    `dated_at` is since when it has had this expiry date and version. `line` and
    `opted_out` are of the phone that would be texted. `unexpanded` are the steps whose
    reminders are not made yet; `changed` says which steps a change of the law moved
    last, and when. `texted` are the steps of this expiry date that somebody was, or
    may have been, texted in.
    """

    now: datetime
    authority: str
    expires_on: date
    status: PermitStatus
    replaced: bool
    renewal_filed_on: date | None
    registered_at: datetime
    dated_at: datetime
    line: Line | None
    opted_out: bool
    start: Start | None
    pauses: Sequence[Pause]
    unexpanded: frozenset[str]
    changed: Mapping[str, datetime]
    texted: frozenset[str]


def why(reason: str | None) -> str:
    """Say a reason of the ledger's in words; one without words as it stands."""
    if reason and reason.startswith("by "):
        return f"{reason.removeprefix('by ')} fell due before it was sent"
    return WHY.get(reason or "", reason or "no reason was kept")


def silence(slot: Slot, it: Situation, zone: ZoneInfo) -> str:
    """Say why a step has no reminder, or what it waits for."""
    if slot.due_at > it.now:
        due = f"not due before {local_time(slot.due_at, zone)}"
        if against := next(_against(slot, it, zone), None):
            return f"{due}; as things stand it will not be sent: {against}"
        return due
    reasons = (*_too_late(slot, it, zone), *_against(slot, it, zone))
    return f"not sent: {reasons[0]}" if reasons else _unaccounted(slot, it)


def paused(it: Situation, zone: ZoneInfo) -> str | None:
    """Say that sending is paused, since when, by whom and why; None where it is not."""
    for one in it.pauses:
        since = local_time(one.since, zone)
        return f"{one.scope} has been paused since {since} by {one.by}: {one.reason}"
    return None


def _too_late(slot: Slot, it: Situation, zone: ZoneInfo) -> Iterator[str]:
    """A step in the past may have been over before the permit, the start, the law."""
    if it.start is None or it.start.state != "live":
        return
    if it.dated_at >= slot.until_at:
        new = it.dated_at == it.registered_at
        what = "registered" if new else "given this expiry date"
        at = local_time(it.dated_at, zone)
        yield f"the permit was {what} on {at}, when this step was over"
    if slot.due_at < it.start.live_from:
        since = local_time(it.start.live_from, zone)
        yield f"{it.authority} is live with this law only from {since}"
    if slot.step in it.changed and it.changed[slot.step] >= slot.until_at:
        at = local_time(it.changed[slot.step], zone)
        yield f"the law was changed on {at}, when this step was over"


def _against(slot: Slot, it: Situation, zone: ZoneInfo) -> Iterator[str]:
    """What keeps it from being sent, whenever it falls due."""
    yield from _not_live(slot, it, zone)
    if it.texted & set(slot.replaces):
        former = ", ".join(sorted(it.texted & set(slot.replaces)))
        yield f"the holder was texted in {former}, which it replaces"
    if end := ended(_candidate(slot, it), min(it.now, slot.due_at)):
        yield why(end.reason)
    if it.now < slot.until_at and (stopped := paused(it, zone)):
        yield stopped


def _not_live(slot: Slot, it: Situation, zone: ZoneInfo) -> Iterator[str]:
    if it.start is None:
        yield f"{it.authority} has not gone live with this law"
    elif it.start.state != "live":
        yield f"{it.authority} only tries this law out: none but its staff is texted"
    elif it.start.live_from > max(it.now, slot.due_at):
        since = local_time(it.start.live_from, zone)
        yield f"{it.authority} is live with this law only from {since}"


def _candidate(slot: Slot, it: Situation) -> Candidate:
    return Candidate(
        expires_on=it.expires_on,
        until_at=slot.until_at,
        permit_expires_on=it.expires_on,
        permit_status=it.status,
        replaced=it.replaced,
        renewal_filed_on=it.renewal_filed_on,
        line=it.line,
        opted_out=it.opted_out,
        last_sent_at=None,
        last_told_on=None,
        register_valid_until=None,
    )


def _unaccounted(slot: Slot, it: Situation) -> str:
    if slot.step in it.unexpanded:
        over = slot.until_at <= it.now
        return f"not sent: {_OVER}" if over else "due: the next tick makes its reminder"
    return "not sent: it has no reminder, and the ledger does not say why; run `audit`"
