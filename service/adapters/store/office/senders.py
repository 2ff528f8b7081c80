"""Which office texts for an authority, and what pauses hold its reminders."""

from collections.abc import Mapping

from sqlalchemy import CTE, ColumnElement, String, cast, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import authorities, pauses, reminders


def _senders() -> CTE:
    """Each authority with its `office`: itself, or the nearest above that sends."""
    said = authorities.c.document
    line = select(
        authorities.c.code.label("authority"),
        authorities.c.code.label("office"),
        said["sends"].as_boolean().label("sends"),
        said["parent"].as_string().label("parent"),
    ).cte("line", recursive=True)
    above = authorities.alias()
    line = line.union_all(
        select(
            line.c.authority,
            cast(above.c.code, String),
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
    """Whether everything is paused that the reminder's office sends.

    Asked once for all reminders of a query: there are few authorities.
    """
    found = _senders()
    held = select(found.c.authority).join(
        pauses, pauses.c.scope == "office:" + found.c.office
    )
    return reminders.c.authority.in_(held)


async def office_of_each(connection: AsyncConnection) -> Mapping[str, str]:
    """The office that texts for each authority that somebody texts for."""
    found = await connection.execute(select(_senders()))
    return {row.authority: row.office for row in found}


def scopes_of(authority: str, rule: str, office: str | None) -> tuple[str, ...]:
    """What may be paused that holds reminders of a type in an authority."""
    return "all", f"rule:{rule}", f"authority:{authority}", f"office:{office}"
