"""The law as it is stored: documents become rules, offices and calendars."""

import hashlib
from collections.abc import Mapping, Sequence
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
from service.domain.formats.authority_file import parse_authorities
from service.domain.formats.calendar_file import parse_calendar_year
from service.domain.formats.rule_file import parse_rule
from service.domain.law.authority import Authority
from service.domain.law.rule import Rule, Version
from service.domain.lawbook.law import Law

LAW_FACT = "law"
"""The fact that says by which documents the law was read last."""

CALENDARS_FACT = "calendars"
"""The fact that says by which published calendars permits are dated."""


async def load_law(
    connection: AsyncConnection,
    published: Mapping[str, Calendar],
    templates: frozenset[str],
) -> Law:
    """Read the law; `published` are the calendars before the office's own days."""
    years = await _years(connection, published)
    calendars = {code: overlay_years(base, years) for code, base in published.items()}
    texts: dict[str, list[Row[Any]]] = {}
    for row in await connection.execute(select(versions).order_by(versions.c.batch)):
        texts.setdefault(row.rule, []).append(row)
    known, aside = dict[str, Rule](), dict[str, tuple[Version, ...]]()
    for row in await connection.execute(select(rules).order_by(rules.c.code)):
        rows = texts.get(row.code, [])
        standing = [
            *{one.series: one for one in rows if one.state == "active"}.values()
        ]

        def read(part: Sequence[Row[Any]], words: Any = row.document) -> Rule:  # noqa: ANN401 - JSON
            document = words | {"versions": [one.document for one in part]}
            return parse_rule(
                document,
                str(document["code"]),
                templates=templates,
                calendars=calendars,
                already_checked=True,
            )

        known[row.code] = read(standing)
        for one in rows:
            if one not in standing:
                kept = aside.get(one.state, ())
                aside[one.state] = kept + read([one]).versions
    former = [*aside.get("active", ()), *aside.get("retired", ())]
    offices = await _offices(connection, calendars)
    shadows = aside.get("shadow", ())
    return Law(
        known,
        offices,
        calendars,
        former,
        shadows,
        published_calendars=published,
        office_years=years,
        digest=await read_law_digest(connection),
    )


async def refuse_stale(connection: AsyncConnection, law: str) -> None:
    """Raise `LawChangedError` unless this is the digest of the law in force."""
    if await read_law_digest(connection, lock="share") != law:
        raise LawChangedError("the law has changed meanwhile; try again")


async def read_law_digest(
    connection: AsyncConnection, lock: Literal["share", "update"] | None = None
) -> str:
    """What changes whenever any document of the law does, or a template.

    `held` until the transaction ends: against a change, or against anybody else.
    """
    found = select(facts.c.value).where(facts.c.key == LAW_FACT)
    if lock:
        found = found.with_for_update(read=lock == "share")
    return str((await connection.execute(found)).scalar())


async def update_law_digest(connection: AsyncConnection) -> None:
    """Tell every process that reads this database to read the law and words afresh."""
    await set_fact(connection, LAW_FACT, await _compute_law_digest(connection))


async def _compute_law_digest(connection: AsyncConnection) -> str:
    """The SHA-256 of every document of the law, and of the words it is told in."""
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
    known: dict[str, object] = {
        CALENDARS_FACT: await get_fact(connection, CALENDARS_FACT)
    }
    for name, columns in wanted.items():
        rows = await connection.execute(select(*columns).order_by(*columns[:-1]))
        known[name] = [list(row) for row in rows]
    return document_digest(known)


def document_digest(document: Mapping[str, object]) -> str:
    """The SHA-256 of a document, whatever the order of its keys."""
    text = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()


async def _years(
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
    told = list(rows.scalars())
    if not told:
        return {}
    where = "authorities"
    return parse_authorities({where: told}, where, calendars=calendars)
