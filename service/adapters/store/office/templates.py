"""`TemplateStore`: the wordings that an office saved, each a version for good."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import note
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import templates
from service.adapters.store.law.load import restamp, stamp
from service.domain.errors import ConflictError
from service.flow.office.templates import Wording

_ORDER = (templates.c.name, templates.c.language, templates.c.version)


class TemplateStore:
    """The office's own words."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def saved(self, name: str | None = None) -> list[Wording]:
        """Every version of one template, or of all, in the order of their numbers."""
        wanted = select(templates).order_by(*_ORDER)
        if name is not None:
            wanted = wanted.where(templates.c.name == name)
        async with self._database.read() as connection:
            return list(map(_wording, await connection.execute(wanted)))

    async def newest(self) -> tuple[str, list[Wording]]:
        """The digest of the law, and with it the wordings used."""
        wanted = select(templates).where(_is_newest()).order_by(*_ORDER)
        async with self._database.read() as connection:
            found = await connection.execute(wanted)
            return await stamp(connection), list(map(_wording, found))

    async def save(
        self, shipped: Wording, text: str, now: datetime, by: str, *, dry_run: bool
    ) -> Wording:
        """Store a text as the next version in one transaction, and note who did."""
        begun = self._database.rehearse if dry_run else self._database.write
        async with begun() as connection:
            await stamp(connection, held="update")
            standing = await _standing(connection, shipped)
            if text == standing.text:
                reason = f"{standing.where} says that already; nothing was saved"
                raise ConflictError(reason)
            made = replace(
                standing,
                version=standing.version + 1,
                text=text,
                saved_at=now,
                saved_by=by,
            )
            await connection.execute(insert(templates).values(asdict(made)))
            await restamp(connection)
            detail = {
                "name": made.name,
                "language": made.language,
                "version": made.version,
            }
            await note(connection, now, by, "templates save", detail)
            return made


async def _standing(connection: AsyncConnection, shipped: Wording) -> Wording:
    """The version used of a template in a language."""
    found = await connection.execute(
        select(templates).where(
            templates.c.name == shipped.name,
            templates.c.language == shipped.language,
            _is_newest(),
        )
    )
    row = found.first()
    return _wording(row) if row else shipped


def _is_newest() -> ColumnElement[bool]:
    other = templates.alias()
    last = select(func.max(other.c.version)).where(
        other.c.name == templates.c.name, other.c.language == templates.c.language
    )
    return templates.c.version == last.scalar_subquery()


def _wording(row: Row[Any]) -> Wording:
    return Wording(**row._asdict())
