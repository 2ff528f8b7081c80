"""Whether a permit's holder can be texted at all, asked inside a query on permits."""

from sqlalchemy import ColumnElement, exists, select

from service.adapters.store.db.schema import permit_recipients, permits, recipients
from service.domain.permits.phone import PhoneLine

MOBILE_PHONES = (
    permit_recipients.c.permit_id == permits.c.id,
    permit_recipients.c.recipient_id == recipients.c.id,
    recipients.c.line == PhoneLine.MOBILE,
)
"""Joins a permit with its phones that take texts."""


def has_mobile() -> ColumnElement[bool]:
    """Whether any of the permit's phones takes texts."""
    return exists().where(*MOBILE_PHONES)


def textable() -> ColumnElement[bool]:
    """Whether no renewal is filed and the phone that would be texted welcomes it.

    That is the first mobile one that can be reached, as when a reminder is sent.
    """
    welcome = (
        select(recipients.c.opted_out_at.is_(None))
        .where(*MOBILE_PHONES, recipients.c.unreachable_at.is_(None))
        .order_by(permit_recipients.c.position)
        .limit(1)
        .scalar_subquery()
    )
    return permits.c.renewal_filed_on.is_(None) & welcome.is_(True)
