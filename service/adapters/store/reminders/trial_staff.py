"""The staff phones that a trial may text."""

from sqlalchemy import CTE, String, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import (
    authorities,
    golives,
    staff,
)


async def load_trial_staff(connection: AsyncConnection) -> set[tuple[str, str]]:
    """The phones that trials may text, as (authority, recipient id).

    The staff of an authority is also the staff of those below it.
    """
    line = authorities_on_trial()
    wanted = select(line.c.authority, staff.c.recipient_id).join_from(
        line, staff, staff.c.authority == line.c.above
    )
    rows = await connection.execute(wanted)
    return {(row.authority, row.recipient_id) for row in rows}


def authorities_on_trial() -> CTE:
    """Authorities with a type on trial, each with itself and those above it."""
    line = (
        select(golives.c.authority, cast(golives.c.authority, String).label("above"))
        .where(golives.c.state == "trial")
        .distinct()
        .cte("line", recursive=True)
    )
    parent = authorities.c.document["parent"].as_string()
    return line.union(
        select(line.c.authority, parent)
        .join_from(line, authorities, authorities.c.code == line.c.above)
        .where(parent.is_not(None))
    )
