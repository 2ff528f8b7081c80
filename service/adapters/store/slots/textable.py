"""Conditions on permits: whether the holder can be texted at all."""

from sqlalchemy import ColumnElement, exists, select

from service.adapters.store.db.schema import permit_recipients, permits, recipients
from service.domain.permits.phone import PhoneLine

MOBILE_PHONES = (
    permit_recipients.c.permit_id == permits.c.id,
    permit_recipients.c.recipient_id == recipients.c.id,
    recipients.c.line == PhoneLine.MOBILE,
)
"""Joins a permit with its mobile phones: only these receive texts."""


def has_mobile() -> ColumnElement[bool]:
    """Whether the permit has a mobile phone."""
    return exists().where(*MOBILE_PHONES)


def textable() -> ColumnElement[bool]:
    """Whether no renewal is filed and the phone to text has not opted out.

    That phone is the first reachable mobile one, as when a reminder is sent.
    """
    has_not_opted_out = (
        select(recipients.c.opted_out_at.is_(None))
        .where(*MOBILE_PHONES, recipients.c.unreachable_at.is_(None))
        .order_by(permit_recipients.c.position)
        .limit(1)
        .scalar_subquery()
    )
    return permits.c.renewal_filed_on.is_(None) & has_not_opted_out.is_(True)
