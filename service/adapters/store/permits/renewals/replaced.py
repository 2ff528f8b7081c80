"""Permits that are renewed under another number: marked, and no longer reminded."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import and_, bindparam, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonValues, in_chunks
from service.adapters.store.db.schema import permits
from service.adapters.store.permits.permit_rows import PermitKey, permit_key
from service.adapters.store.permits.renewals.renewed_terms import (
    NewTerm,
    Renewal,
    forget_successors,
    later,
    record_renewals,
)
from service.domain.errors import InvalidError
from service.domain.permits.permit import PermitStatus
from service.domain.permits.renewal import NumberedPermit, refuse_replaced
from service.flow.permits.register import DatedPermit

_renewals, _nearer = permits.alias(), permits.alias()

_IS_OF_SAME_TYPE = and_(
    _renewals.c.authority == permits.c.authority, _renewals.c.rule == permits.c.rule
)

_HAS_NEARER_PERMIT = exists().where(
    _nearer.c.authority == _renewals.c.authority,
    _nearer.c.rule == _renewals.c.rule,
    _nearer.c.number_key == _renewals.c.replaces,
)
"""Whether the renewal's own office has a permit of its type with that number."""

_HAS_SAME_HOLDER = or_(
    _renewals.c.holder_code == permits.c.holder_code,
    and_(
        or_(_renewals.c.holder_code.is_(None), permits.c.holder_code.is_(None)),
        _renewals.c.holder == permits.c.holder,
    ),
)

_RENEWS = and_(
    _renewals.c.replaces.is_not(None),
    _renewals.c.replaces == permits.c.number_key,
    or_(_IS_OF_SAME_TYPE, and_(_HAS_SAME_HOLDER, ~_HAS_NEARER_PERMIT)),
    _renewals.c.status != PermitStatus.WITHDRAWN,
    or_(
        _renewals.c.expires_on > permits.c.expires_on,
        and_(_renewals.c.expires_on.is_(None), permits.c.expires_on.is_not(None)),
        and_(
            _renewals.c.expires_on.is_not_distinct_from(permits.c.expires_on),
            _renewals.c.id > permits.c.id,
        ),
    ),
)
"""Whether a later permit that is not withdrawn names this one as replaced.

It may be of another office or type, as `refuse_replaced` says. Only a later one, so
that of two permits which name each other one is still reminded.
"""

_IS_RENEWED = exists().where(_RENEWS)

_SUCCESSOR: Final = (
    _renewals.c.id.label("new_id"),
    _renewals.c.expires_on.label("new_expires_on"),
    _renewals.c.issued_on.label("new_issued_on"),
)

_NUMBERS: Final = JsonValues(permits.c.number_key, "numbers")

_MARK_RENEWED: Final = (
    update(permits)
    .where(permits.c.number_key.in_(_NUMBERS.values), permits.c.replaced != _IS_RENEWED)
    .values(replaced=_IS_RENEWED, changed_at=bindparam("now"))
    .returning(permits.c.id, permits.c.replaced)
)


async def mark_renewed(
    connection: AsyncConnection, number_keys: Collection[str], now: datetime
) -> dict[str, bool]:
    """Set `replaced` anew on all permits with these numbers; those changed, by id.

    Works in either order of arrival: the renewal first, or the renewed permit.
    """
    asked = _NUMBERS.bind(connection.dialect, number_keys) | {"now": now}
    renewed = await connection.execute(_MARK_RENEWED, asked)
    marked = {row.id: row.replaced for row in renewed}
    if marked:
        await _record(connection, marked, now)
    return marked


async def _record(
    connection: AsyncConnection, marked: Mapping[str, bool], now: datetime
) -> None:
    """Store by which permits these are renewed, or that they are not any more."""
    await forget_successors(connection, [one for one in marked if not marked[one]])
    ids = [one for one, is_replaced in marked.items() if is_replaced]
    for chunk in in_chunks(ids):
        pairs = select(permits, *_SUCCESSOR).where(permits.c.id.in_(chunk), _RENEWS)
        found = [
            Renewal(
                row.id,
                row.expires_on,
                row.renewal_filed_on,
                NewTerm(
                    row.new_expires_on,
                    later(row.new_issued_on, row.issued_on or date.min),
                    row.new_id,
                ),
            )
            for row in await connection.execute(pairs.order_by(_renewals.c.id))
            if row.expires_on is not None
        ]
        await record_renewals(connection, found, now)


async def find_refused(
    connection: AsyncConnection, dated_permits: Sequence[DatedPermit]
) -> dict[PermitKey, InvalidError]:
    """The mistakes of permits that replace a number which only other holders have."""
    renewals = [(one, one.replaces_key) for one in dated_permits if one.replaces_key]
    if not renewals:
        return {}
    known = await _permits_with_numbers(connection, {key for _, key in renewals})
    for one in dated_permits:
        known[one.number_key].append(_numbered(one))
    found = {
        permit_key(one): refuse_replaced(one.permit, known[key])
        for one, key in renewals
    }
    return {key: mistake for key, mistake in found.items() if mistake}


async def _permits_with_numbers(
    connection: AsyncConnection, number_keys: Collection[str]
) -> defaultdict[str, list[NumberedPermit]]:
    """The permits of all offices and types that have these numbers, by number key."""
    found = defaultdict[str, list[NumberedPermit]](list)
    columns = (permits.c.authority, permits.c.rule, permits.c.shown_number)
    for chunk in in_chunks(list(number_keys)):
        wanted = select(
            permits.c.number_key, *columns, permits.c.holder, permits.c.holder_code
        ).where(permits.c.number_key.in_(chunk))
        for number_key, *values in await connection.execute(wanted):
            found[number_key].append(NumberedPermit(*values))
    return found


def _numbered(dated_permit: DatedPermit) -> NumberedPermit:
    permit, number = dated_permit.permit, dated_permit.shown_number
    office = permit.authority, permit.rule
    return NumberedPermit(*office, number, permit.holder, permit.holder_code)
