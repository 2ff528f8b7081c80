"""`LawStore`: rules and authorities as installed, versions immutable."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import orjson
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.database import Database
from service.adapters.store.schema import authorities, facts, rules, versions
from service.adapters.store.upsert import insert_into
from service.domain.authority import Authority
from service.domain.authorityfile import authorities_from, authority_to
from service.domain.calendar import Calendar
from service.domain.errors import ConflictError
from service.domain.lawbook import Law
from service.domain.rule import Rule
from service.domain.rulefile import rule_from, rule_to

_LAW = "law"


class OfficeStore:
    """What an office has installed; it may name these `calendars` and `templates`."""

    def __init__(
        self,
        database: Database,
        calendars: Mapping[str, Calendar],
        templates: frozenset[str],
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._templates = templates
        self._read: tuple[str, Law] | None = None

    async def law(self) -> Law:
        """Everything that dates a permit, read afresh when it has changed."""
        async with self._database.read() as connection:
            stamp = await _stamp(connection)
            if self._read is None or self._read[0] != stamp:
                self._read = stamp, await self._load(connection)
            return self._read[1]

    async def install_rules(self, shipped: Sequence[Rule], now: datetime) -> list[str]:
        """Install the versions that are new; their keys.

        Raises `ConflictError` where a version is installed with another text: an
        applied version never changes.
        """
        async with self._database.write() as connection:
            known = await _digests(connection)
            new = []
            for rule in shipped:
                new += await _install(connection, rule, known, now)
            await _restamp(connection)
            return new

    async def install_authorities(self, offices: Sequence[Authority]) -> None:
        """Install authorities, or replace what was known of them."""
        async with self._database.write() as connection:
            for office in offices:
                values = {"document": authority_to(office)}
                await connection.execute(
                    insert_into(connection, authorities)
                    .values(code=office.code, **values)
                    .on_conflict_do_update(index_elements=["code"], set_=values)
                )
            await _restamp(connection)

    async def _load(self, connection: AsyncConnection) -> Law:
        texts: dict[str, list[Any]] = {}
        for row in await connection.execute(select(versions).order_by(versions.c.id)):
            texts.setdefault(row.rule, []).append(row.document)
        documents = {
            row.code: row.document | {"versions": texts[row.code]}
            for row in await connection.execute(select(rules))
        }
        loaded = {
            code: rule_from(
                document, code, templates=self._templates, calendars=self._calendars
            )
            for code, document in documents.items()
        }
        rows = await connection.execute(select(authorities.c.document))
        told = list(rows.scalars())
        return Law(loaded, self._offices(told) if told else {}, self._calendars)

    def _offices(self, told: Sequence[object]) -> dict[str, Authority]:
        where = "authorities"
        return authorities_from({where: told}, where, calendars=self._calendars)


def digest(document: Mapping[str, object]) -> str:
    """The SHA-256 of a version's text, whatever the order of its keys."""
    return hashlib.sha256(
        orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    ).hexdigest()


async def _install(
    connection: AsyncConnection, rule: Rule, known: Mapping[str, str], now: datetime
) -> list[str]:
    document = rule_to(rule)
    texts = _version_texts(document)
    await connection.execute(
        insert_into(connection, rules)
        .values(code=rule.code, document=document)
        .on_conflict_do_update(index_elements=["code"], set_={"document": document})
    )
    new = []
    for version, text in zip(rule.versions, texts, strict=True):
        sha256 = digest(text)
        if version.key not in known:
            await connection.execute(
                insert(versions).values(
                    id=version.key,
                    rule=rule.code,
                    document=text,
                    sha256=sha256,
                    applied_at=now,
                )
            )
            new.append(version.key)
        elif known[version.key] != sha256:
            raise ConflictError(
                f"{version.key}: installed with another text, and an applied version "
                "never changes; give the new text its own in_force_from or revision"
            )
    return new


def _version_texts(document: dict[str, object]) -> list[dict[str, object]]:
    """Take the versions out of a rule's document: they are stored row by row."""
    return cast("list[dict[str, object]]", document.pop("versions"))


async def _digests(connection: AsyncConnection) -> dict[str, str]:
    rows = await connection.execute(select(versions.c.id, versions.c.sha256))
    return {row.id: row.sha256 for row in rows}


async def _stamp(connection: AsyncConnection) -> str:
    found = select(facts.c.value).where(facts.c.key == _LAW)
    return str((await connection.execute(found)).scalar())


async def _restamp(connection: AsyncConnection) -> None:
    """Tell every process that reads this database to read the law afresh."""
    known: dict[str, object] = {"versions": await _digests(connection)}
    for table in (rules, authorities):
        rows = await connection.execute(select(table.c.code, table.c.document))
        known[str(table.name)] = {row.code: row.document for row in rows}
    stamp = digest(known)
    await connection.execute(delete(facts).where(facts.c.key == _LAW))
    await connection.execute(insert(facts).values(key=_LAW, value=stamp))
