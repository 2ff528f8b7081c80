"""Conditions on permits and go-lives that queries of several folders share."""

from typing import Any, Final

from sqlalchemy import ColumnElement, and_

from service.adapters.store.db.schema import golives, permits
from service.domain.permits.permit import PermitStatus

IS_ACTIVE: Final = and_(
    permits.c.status == PermitStatus.ACTIVE, permits.c.replaced.is_(False)
)
"""Permits in force that no other permit renews."""

IS_REMINDED: Final = and_(IS_ACTIVE, permits.c.renewal_filed_on.is_(None))
"""Permits whose holders are reminded: active, and no renewal is filed."""

IS_LIVE: Final = golives.c.state == "live"
"""Go-lives that text everybody; the others are on trial."""


def go_live_of(columns: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a ColumnCollection
    """Join a row of permits, slots or reminders with the go-live of its type there."""
    return and_(
        golives.c.authority == columns.authority, golives.c.rule == columns.rule
    )
