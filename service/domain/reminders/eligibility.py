"""Whether a reminder may be sent now, must wait, or ends unsent with a reason.

A reminder is checked just before it is sent, so that its text is true when it goes out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from service.domain.deadlines.window import Window
from service.domain.delivery.status import ReminderState
from service.domain.law.rule import (
    CONTACT_NOW,
    Rule,
    Version,
    is_after_closing,
    is_correction,
)
from service.domain.permits.permit import PermitStatus
from service.domain.permits.phone import PhoneLine
from service.domain.reminders.reasons import (
    EXPIRY_CORRECTED,
    LATER_STEP_SENT,
    NO_CORRECTION_NEEDED,
    NO_MOBILE,
    NO_PHONE,
    NO_REACHABLE,
    NO_ROUTE,
    NOT_IN_REGISTER,
    OPTED_OUT,
    REGISTER_FAILED,
    REGISTER_NOT_ASKED,
    REGISTER_STALE,
    RENEWAL_FILED,
    RENEWED,
    RULE_CHANGED,
    RULE_UNVERIFIED,
    WINDOW_CLOSED,
)
from service.domain.reminders.register_answer import (
    ABSENCE_COUNTS_FOR,
    FAILURE_COUNTS_FOR,
    RegisterAnswer,
)

_ASKED_AGAIN_IN: Final[Mapping[str, timedelta]] = {
    REGISTER_NOT_ASKED: timedelta(hours=1),
    NOT_IN_REGISTER: ABSENCE_COUNTS_FOR,
    REGISTER_FAILED: FAILURE_COUNTS_FOR,
}
"""When a hold by a look-up ends at the latest; an answer ends it at once."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """All that decides on one due reminder at the moment it would be sent.

    `expires_on` is the reminder's, `permit_expires_on` the permit's present expiry;
    None if it has no end any more.
    `replaced`: another permit renews this one. `last_sent_at` is the permit's latest
    text; None for a correction, which keeps no gap. `last_announced_on` is the closing
    day that a text named last, or may have named. `outside_trial`: the type is on trial
    and the recipient is not staff. `hold_reason` is why it was held until now. `line`,
    `opted_out` and `unreachable` describe the phone that it would go to.
    `accepted_before`: a provider accepted it before, and the text did not arrive.
    `texted_steps` are the other steps of this expiry date in which the holder was, or
    may have been, texted. `register_answer` is that of a register which is asked
    before each text; None for any other. `term_renewed`: that of this expiry date was
    renewed; where the permit has another one without that, that was corrected.
    """

    expires_on: date
    until_at: datetime
    permit_expires_on: date | None
    permit_status: PermitStatus
    replaced: bool
    renewal_filed_on: date | None
    line: PhoneLine | None
    opted_out: bool
    last_sent_at: datetime | None
    last_announced_on: date | None
    register_valid_until: datetime | None
    outside_trial: bool = False
    unreachable: bool = False
    accepted_before: bool = False
    texted_steps: frozenset[str] = frozenset()
    hold_reason: str | None = None
    register_answer: RegisterAnswer | None = None
    term_renewed: bool = False


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


def decide_sending(
    candidate: Candidate,
    now: datetime,
    opens_at: Callable[[], datetime],
    min_gap_days: int,
) -> End | Hold | None:
    """The end or hold of a reminder; None if it may be sent at `now`.

    `opens_at` gives the office's `next_sending_at`; it is called only if nothing ends
    the reminder. Two reminders of one permit are at least `min_gap_days` apart.
    """
    if end := find_end(candidate, now):
        return (
            End(ReminderState.FAILED, end.reason) if candidate.accepted_before else end
        )
    return _find_hold(candidate, now, opens_at(), min_gap_days)


def find_end(candidate: Candidate, now: datetime) -> End | None:
    """The end of a reminder that is not needed, is too late, or can reach nobody."""
    if end := _find_cancellation(candidate):
        return end
    if candidate.until_at <= now:
        unsent = NO_ROUTE if candidate.hold_reason == NO_ROUTE else WINDOW_CLOSED
        return End(ReminderState.MISSED, unsent)
    if reason := _untextable_reason(candidate):
        return End(ReminderState.SUPPRESSED, reason)
    return None


def _untextable_reason(candidate: Candidate) -> str | None:
    """Why its phone cannot, or must not, be texted."""
    if candidate.line is None:
        return NO_PHONE
    if candidate.line is not PhoneLine.MOBILE:
        return NO_MOBILE
    if candidate.opted_out:
        return OPTED_OUT
    return NO_REACHABLE if candidate.unreachable else None


def _find_cancellation(candidate: Candidate) -> End | None:
    cancelled = ReminderState.CANCELLED
    if candidate.replaced:
        return End(cancelled, RENEWED)
    if candidate.permit_expires_on != candidate.expires_on:
        has_no_end = candidate.permit_expires_on is None
        renewed = has_no_end or candidate.term_renewed
        return End(cancelled, RENEWED if renewed else EXPIRY_CORRECTED)
    if candidate.permit_status is not PermitStatus.ACTIVE:
        return End(cancelled, f"permit {candidate.permit_status}")
    if candidate.renewal_filed_on is not None:
        return End(cancelled, RENEWAL_FILED)
    return None


def _find_hold(
    candidate: Candidate, now: datetime, opens_at: datetime, min_gap_days: int
) -> Hold | None:
    if opens_at > now:
        return Hold(opens_at, "outside sending hours")
    if candidate.last_sent_at is not None:
        rested_at = candidate.last_sent_at + timedelta(days=min_gap_days)
        if rested_at > now:
            return Hold(rested_at, f"texted within {min_gap_days} days")
    if (
        candidate.register_valid_until is not None
        and candidate.register_valid_until <= now
    ):
        return Hold(now + timedelta(hours=1), REGISTER_STALE)
    if candidate.outside_trial:
        return Hold(now + timedelta(hours=1), "trial: not a staff number")
    answer = candidate.register_answer
    if answer is not None and (reason := answer.find_obstacle(now)):
        return Hold(now + _ASKED_AGAIN_IN[reason], reason)
    return None


def find_untruth(
    candidate: Candidate,
    step: str,
    rule: Rule,
    *,
    version: Version,
    later_steps: frozenset[str],
    window: Window,
    today: date,
) -> End | None:
    """The end of a reminder whose text would not be true, or would be of no use.

    `version` words the text, `later_steps` come after the step in it, `window` is the
    one it would announce, `today` the local date of the office that sends it.
    """
    again = candidate.accepted_before
    if rule.never is not None or version.reference.confidence == "unverified":
        state, reason = ReminderState.SUPPRESSED, RULE_UNVERIFIED
    elif again and not _has_step(version, step):
        state, reason = ReminderState.FAILED, RULE_CHANGED
    elif candidate.texted_steps & later_steps:
        state, reason = ReminderState.SUPERSEDED, LATER_STEP_SENT
    elif window.closes_on < today and not is_after_closing(version, step):
        state, reason = ReminderState.MISSED, WINDOW_CLOSED
    elif is_correction(step) and not _was_announced_late(candidate, window):
        state, reason = ReminderState.SUPERSEDED, NO_CORRECTION_NEEDED
    else:
        return None
    return End(ReminderState.FAILED if again else state, reason)


def _has_step(version: Version, step: str) -> bool:
    return (
        is_correction(step)
        or step == CONTACT_NOW
        or any(one.name == step for one in version.steps)
    )


def _was_announced_late(candidate: Candidate, window: Window) -> bool:
    announced_on = candidate.last_announced_on
    return announced_on is not None and announced_on > window.closes_on
