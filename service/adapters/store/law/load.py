"""Stored documents read as the law, and the digest that tells when they change."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

import orjson
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.facts import get_fact, set_fact
from service.adapters.store.db.schema import (
    authorities,
    calendar_years,
    facts,
    rules,
    templates,
    versions,
)
from service.domain.calendars.calendar import Calendar
from service.domain.calendars.office_year import CalendarYear, overlay_years
from service.domain.errors import LawChangedError
from service.domain.law.authority import Authority
from service.domain.law.rule import Rule, Version
from service.domain.lawbook.law import Law
from service.formats.authority import parse_authorities
from service.formats.calendar_year import parse_calendar_year
from service.formats.rule import parse_rule

LAW_FACT = "law"
"""Key of the fact that stores the digest of the law."""

CALENDARS_FACT = "calendars"
"""Key of the fact that stores which published calendars date permits."""


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


async def refuse_stale(connection: AsyncConnection, digest: str) -> None:
    """Raise `LawChangedError` unless this is the digest of the law in force."""
    if await read_law_digest(connection, lock="share") != digest:
        raise LawChangedError("the law has changed meanwhile; try again")


async def read_law_digest(
    connection: AsyncConnection, lock: Literal["share", "update"] | None = None
) -> str:
    """The digest, which changes with every document of the law and every template.

    `lock` it until the transaction ends: "share" against changes, "update" against
    every other transaction that locks it.
    """
    wanted = select(facts.c.value).where(facts.c.key == LAW_FACT)
    if lock:
        wanted = wanted.with_for_update(read=lock == "share")
    return str((await connection.execute(wanted)).scalar())


async def update_law_digest(connection: AsyncConnection) -> None:
    """Store the digest anew, so that each process reads law and templates again."""
    await set_fact(connection, LAW_FACT, await _compute_law_digest(connection))


async def _compute_law_digest(connection: AsyncConnection) -> str:
    """The SHA-256 of every document of the law and every saved template."""
    wanted = {
        "versions": (versions.c.id, versions.c.state),
        "rules": (rules.c.code, rules.c.document),
        "authorities": (authorities.c.code, authorities.c.document),
        "calendars": (
            calendar_years.c.calendar,
            calendar_years.c.year,
            calendar_years.c.document,
        ),
        "templates": (
            templates.c.name,
            templates.c.language,
            templates.c.version,
            templates.c.text,
        ),
    }
    document: dict[str, object] = {
        CALENDARS_FACT: await get_fact(connection, CALENDARS_FACT)
    }
    for name, columns in wanted.items():
        rows = await connection.execute(select(*columns).order_by(*columns[:-1]))
        document[name] = [list(row) for row in rows]
    return document_digest(document)


def document_digest(document: Mapping[str, object]) -> str:
    """The SHA-256 of a document, whatever the order of its keys."""
    text = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


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
            row.document, f"calendar {row.calendar}", calendars=published
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
    return parse_authorities({where: documents}, where, calendars=calendars)
