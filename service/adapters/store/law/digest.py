"""The digest of the law, which tells every process when a document of it changed."""

import hashlib
from collections.abc import Mapping
from typing import Literal

import orjson
from sqlalchemy import select
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
from service.domain.errors import LawChangedError

LAW_FACT = "law"
"""Key of the fact that stores the digest of the law."""

CALENDARS_FACT = "calendars"
"""Key of the fact that stores which published calendars date permits."""


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
