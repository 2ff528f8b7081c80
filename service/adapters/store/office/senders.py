"""Which office sends for an authority, and which pauses hold its reminders."""

from collections.abc import Mapping

from sqlalchemy import CTE, ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import authorities, pauses, reminders


def _senders() -> CTE:
    """Each authority with its `office`: itself, or the nearest ancestor that sends."""
    document = authorities.c.document
    line = select(
        authorities.c.code.label("authority"),
        authorities.c.code.label("office"),
        document["sends"].as_boolean().label("sends"),
        document["parent"].as_string().label("parent"),
    ).cte("line", recursive=True)
    above = authorities.alias()
    line = line.union_all(
        select(
            line.c.authority,
            above.c.code,
            above.c.document["sends"].as_boolean(),
            above.c.document["parent"].as_string(),
        ).where(above.c.code == line.c.parent, line.c.sends.is_(False))
    )
    return (
        select(line.c.authority, line.c.office)
        .where(line.c.sends.is_(True))
        .cte("senders")
    )


def office_paused() -> ColumnElement[bool]:
    """Whether the office that sends the reminder is paused.

    One subquery serves all reminders of a query, because there are few authorities.
    """
    senders = _senders()
    paused = select(senders.c.authority).join(
        pauses, pauses.c.scope == "office:" + senders.c.office
    )
    return reminders.c.authority.in_(paused)


async def office_of_each(connection: AsyncConnection) -> Mapping[str, str]:
    """The office that sends for each authority; those without one are left out."""
    rows = await connection.execute(select(_senders()))
    return {row.authority: row.office for row in rows}


def scopes_of(authority: str, rule: str, office: str | None) -> tuple[str, ...]:
    """The scopes of all pauses that hold reminders of a rule in an authority."""
    return "all", f"rule:{rule}", f"authority:{authority}", f"office:{office}"
