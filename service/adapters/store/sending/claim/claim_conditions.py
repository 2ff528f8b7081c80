"""What makes a reminder claimable: its time has come, and nothing holds it back."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, bindparam, exists, literal, or_

from service.adapters.store.db.schema import pauses, reminders
from service.adapters.store.db.types import database_now, database_now_plus
from service.adapters.store.failover.doubtful_reminders import NEEDS_ASKING
from service.adapters.store.office.senders import office_paused
from service.adapters.store.reminders.transitions import has_state
from service.domain.delivery.retry import LONGEST_ASKED
from service.domain.delivery.status import ReminderState
from service.domain.law.rule import CORRECTION

_others = reminders.alias()

_HAS_TEXT_UNDER_WAY = exists().where(
    _others.c.permit_id == reminders.c.permit_id,
    _others.c.state == ReminderState.SENDING,
)
"""A correction must not overtake the text that it corrects."""


@dataclass(frozen=True, slots=True)
class DueKind:
    """A kind of reminders that a claim selects by one query.

    `any_paused`: some are paused, and left out. `needs_asking`: only those that are
    asked first, or only others; None where there are none.
    """

    state: ReminderState
    any_paused: bool
    needs_asking: bool | None


def is_due(kind: DueKind) -> Sequence[ColumnElement[bool]]:
    """Conditions: its time has come, and nothing holds it back."""
    conditions = [
        has_state(kind.state),
        reminders.c.next_at <= bindparam("now", type_=reminders.c.next_at.type),
        _is_wait_over(),
        ~and_(reminders.c.step.startswith(CORRECTION), _HAS_TEXT_UNDER_WAY),
        _volume_was_checked(),
    ]
    if kind.any_paused:
        conditions += [~_is_paused(), ~office_paused()]
    if kind.needs_asking is not None:
        conditions.append(NEEDS_ASKING if kind.needs_asking else ~NEEDS_ASKING)
    return conditions


def _is_wait_over() -> ColumnElement[bool]:
    """Whether the wait after a refusal is over, or too long to be meant so."""
    retry_at = reminders.c.retry_at
    longest = database_now_plus(literal(LONGEST_ASKED))
    return or_(retry_at.is_(None), retry_at <= database_now(), retry_at > longest)


def _volume_was_checked() -> ColumnElement[bool]:
    """Whether the volume guard has counted the reminder."""
    state_at = reminders.c.state_at
    return or_(
        reminders.c.message_id.is_not(None),
        state_at <= bindparam("checked_until", type_=state_at.type),
        state_at > bindparam("set_back_after", type_=state_at.type),
    )


def _is_paused() -> ColumnElement[bool]:
    """Whether everything, its rule or its authority is paused."""
    scopes = pauses.c.scope.in_(
        [
            literal("all"),
            "rule:" + reminders.c.rule,
            "authority:" + reminders.c.authority,
        ]
    )
    return exists().where(scopes).correlate(reminders)
