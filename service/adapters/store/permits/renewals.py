"""Permits that are renewed under another number: marked, and no longer reminded."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, exists, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import in_chunks
from service.adapters.store.db.schema import permits
from service.adapters.store.permits.permit_rows import PermitKey, with_keys
from service.domain.permits.permit import PermitStatus

_renewals = permits.alias()

_IS_RENEWED = exists().where(
    _renewals.c.authority == permits.c.authority,
    _renewals.c.rule == permits.c.rule,
    _renewals.c.replaces == permits.c.number_key,
    _renewals.c.status != PermitStatus.WITHDRAWN,
    or_(
        _renewals.c.expires_on > permits.c.expires_on,
        and_(
            _renewals.c.expires_on == permits.c.expires_on,
            _renewals.c.id > permits.c.id,
        ),
    ),
)
"""Whether a later permit that is not withdrawn names this one as replaced.

Only a later one, so that of two permits which name each other one is still reminded.
"""


async def mark_renewed(
    connection: AsyncConnection, keys: Collection[PermitKey], now: datetime
) -> list[str]:
    """Set `replaced` on these permits anew; the ids of those for which it changed.

    Works in either order of arrival: the renewal first, or the renewed permit.
    """
    changed: list[str] = []
    for chunk in in_chunks(list(keys)):
        updated = await connection.execute(
            update(permits)
            .where(with_keys(chunk), permits.c.replaced != _IS_RENEWED)
            .values(replaced=_IS_RENEWED, changed_at=now)
            .returning(permits.c.id)
        )
        changed += updated.scalars()
    return changed
