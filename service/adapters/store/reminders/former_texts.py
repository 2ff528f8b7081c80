"""What a permit's holder was texted in other steps, as columns beside a reminder."""

from sqlalchemy import and_, case, func, select

from service.adapters.store.db.schema import messages, reminders
from service.domain.delivery.status import (
    NEVER_TEXTED,
    NOT_ARRIVED,
    UNDER_WAY,
    ReminderState,
)
from service.domain.law.rule import CORRECTION

_others = reminders.alias()
_its_latest = messages.alias()

LAST_SENT = (
    select(
        func.max(
            func.coalesce(
                case((_others.c.state.in_(UNDER_WAY), _others.c.state_at)),
                _its_latest.c.accepted_at,
                _others.c.sent_at,
            )
        )
    )
    .select_from(
        _others.outerjoin(_its_latest, _its_latest.c.id == _others.c.message_id)
    )
    .where(
        _others.c.permit_id == reminders.c.permit_id,
        _others.c.expires_on <= reminders.c.expires_on,
        ~and_(
            _others.c.expires_on == reminders.c.expires_on,
            _others.c.step == reminders.c.step,
        ),
    )
    .scalar_subquery()
)
"""When the permit was last texted in another step, or perhaps texted.

A step that was sent again counts from its latest text, not from `sent_at`, which is the
first one's. Texts about a later expiry date do not count: whoever got one must get the
correction at once.
"""


_ANNOUNCED_ON = select(_others.c.told_on).where(
    _others.c.permit_id == reminders.c.permit_id,
    _others.c.expires_on == reminders.c.expires_on,
    _others.c.told_on.is_not(None),
)

_CORRECTS = reminders.c.step.startswith(CORRECTION)

LAST_ANNOUNCED_ON = case(
    (
        _CORRECTS,
        _ANNOUNCED_ON.where(
            _others.c.state.not_in(NOT_ARRIVED | {ReminderState.UNCERTAIN})
        )
        .order_by(_others.c.message_id.desc())
        .limit(1)
        .scalar_subquery(),
    )
)
"""The closing day announced last to the holder; only corrections need it."""

MAYBE_ANNOUNCED_ON = case(
    (
        _CORRECTS,
        _ANNOUNCED_ON.with_only_columns(func.max(_others.c.told_on))
        .where(_others.c.state == ReminderState.UNCERTAIN)
        .scalar_subquery(),
    )
)
"""The latest closing day announced in a text with an unknown outcome."""


TEXTED_STEPS = (
    select(func.aggregate_strings(_others.c.step, ","))
    .where(
        _others.c.permit_id == reminders.c.permit_id,
        _others.c.expires_on == reminders.c.expires_on,
        _others.c.step != reminders.c.step,
        _others.c.state.not_in(NEVER_TEXTED),
    )
    .scalar_subquery()
)
"""The other steps in which the permit was, or may have been, texted; by commas."""
