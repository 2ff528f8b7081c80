"""What keeps a due reminder from being claimed now."""

from sqlalchemy import ColumnElement, bindparam, exists, literal, or_

from service.adapters.store.db.schema import pauses, reminders
from service.adapters.store.db.types import database_now, database_now_plus
from service.domain.delivery.retry import LONGEST_ASKED


def is_wait_over() -> ColumnElement[bool]:
    """Whether the wait after a refusal is over, or too long to be meant so."""
    retry_at = reminders.c.retry_at
    longest = database_now_plus(literal(LONGEST_ASKED))
    return or_(retry_at.is_(None), retry_at <= database_now(), retry_at > longest)


def volume_was_checked() -> ColumnElement[bool]:
    """Whether the volume guard has counted the reminder."""
    state_at = reminders.c.state_at
    return or_(
        reminders.c.message_id.is_not(None),
        state_at <= bindparam("checked_until", type_=state_at.type),
        state_at > bindparam("set_back_after", type_=state_at.type),
    )


def is_paused() -> ColumnElement[bool]:
    """Whether everything, its rule or its authority is paused."""
    scopes = pauses.c.scope.in_(
        [
            literal("all"),
            "rule:" + reminders.c.rule,
            "authority:" + reminders.c.authority,
        ]
    )
    return exists().where(scopes).correlate(reminders)
