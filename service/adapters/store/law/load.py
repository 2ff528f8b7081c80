"""The law read from its stored documents."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import (
    authorities,
    calendar_years,
    rules,
    versions,
)
from service.adapters.store.law.digest import read_law_digest
from service.domain.calendars.calendar import Calendar
from service.domain.calendars.office_year import CalendarYear, overlay_years
from service.domain.law.authority import Authority
from service.domain.law.rule import Rule, Version
from service.domain.lawbook.law import Law
from service.formats.authority import parse_authorities
from service.formats.calendar_year import parse_calendar_year
from service.formats.rule import parse_rule


async def load_law(
    connection: AsyncConnection,
    published: Mapping[str, Calendar],
    templates: frozenset[str],
) -> Law:
    """Read the law; `published` are the calendars without the office's own days."""
    years = await _office_years(connection, published)
    calendars = {code: overlay_years(base, years) for code, base in published.items()}
    version_rows = defaultdict[str, list[Row[Any]]](list)
    for row in await connection.execute(select(versions).order_by(versions.c.batch)):
        version_rows[row.rule].append(row)
    in_force = dict[str, Rule]()
    others = defaultdict[str, list[Version]](list)
    for row in await connection.execute(select(rules).order_by(rules.c.code)):
        parse = partial(
            _parse_stored_rule, row.document, templates=templates, calendars=calendars
        )
        rows = version_rows[row.code]
        latest = {one.series: one for one in rows if one.state == "active"}.values()
        in_force[row.code] = parse([*latest])
        for one in rows:
            if one not in latest:
                others[one.state] += parse([one]).versions
    return Law(
        in_force,
        await _offices(connection, calendars),
        calendars,
        [*others["active"], *others["retired"]],
        others["shadow"],
        published_calendars=published,
        office_years=years,
        digest=await read_law_digest(connection),
    )


def _parse_stored_rule(
    document: Mapping[str, Any],
    version_rows: Sequence[Row[Any]],
    *,
    templates: frozenset[str],
    calendars: Mapping[str, Calendar],
) -> Rule:
    """A rule with some of its versions; they were checked when they were installed."""
    return parse_rule(
        {**document, "versions": [row.document for row in version_rows]},
        str(document["code"]),
        templates=templates,
        calendars=calendars,
        already_checked=True,
    )


async def _office_years(
    connection: AsyncConnection, published: Mapping[str, Calendar]
) -> list[CalendarYear]:
    rows = await connection.execute(
        select(calendar_years).order_by(
            calendar_years.c.calendar, calendar_years.c.year
        )
    )
    return [
        parse_calendar_year(
            row.document,
            f"calendar {row.calendar}",
            calendars=published,
            already_checked=True,
        )
        for row in rows
    ]


async def _offices(
    connection: AsyncConnection, calendars: Mapping[str, Calendar]
) -> dict[str, Authority]:
    rows = await connection.execute(
        select(authorities.c.document).order_by(authorities.c.code)
    )
    documents = list(rows.scalars())
    if not documents:
        return {}
    where = "authorities"
    return parse_authorities(
        {where: documents}, where, calendars=calendars, already_checked=True
    )
