"""`TemplateStore`: the wordings that an office saved, each a version for good."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import templates
from service.adapters.store.law.load import read_law_digest, update_law_digest
from service.domain.errors import ConflictError
from service.flow.office.templates import TemplateVersion

_ORDER = (templates.c.name, templates.c.language, templates.c.version)


class SqlTemplateStore:
    """The office's own words."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def saved_versions(self, name: str | None = None) -> list[TemplateVersion]:
        """Every version of one template, or of all, in the order of their numbers."""
        wanted = select(templates).order_by(*_ORDER)
        if name is not None:
            wanted = wanted.where(templates.c.name == name)
        async with self._database.read() as connection:
            return list(map(_wording, await connection.execute(wanted)))

    async def used_versions(self) -> tuple[str, list[TemplateVersion]]:
        """The digest of the law, and with it the wordings used."""
        wanted = select(templates).where(_is_newest()).order_by(*_ORDER)
        async with self._database.read() as connection:
            found = await connection.execute(wanted)
            return await read_law_digest(connection), list(map(_wording, found))

    async def save(
        self,
        shipped: TemplateVersion,
        text: str,
        now: datetime,
        by: str,
        *,
        dry_run: bool,
    ) -> TemplateVersion:
        """Store a text as the next version in one transaction, and note who did."""
        begun = self._database.dry_run if dry_run else self._database.write
        async with begun() as connection:
            await read_law_digest(connection, lock="update")
            standing = await _current_wording(connection, shipped)
            if text == standing.text:
                reason = f"{standing.display_name} says that already; nothing was saved"
                raise ConflictError(reason)
            made = replace(
                standing,
                version=standing.version + 1,
                text=text,
                saved_at=now,
                saved_by=by,
            )
            await connection.execute(insert(templates).values(asdict(made)))
            await update_law_digest(connection)
            detail = {
                "name": made.name,
                "language": made.language,
                "version": made.version,
            }
            await log_action(connection, now, by, "templates save", detail)
            return made


async def _current_wording(
    connection: AsyncConnection, shipped: TemplateVersion
) -> TemplateVersion:
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


def _wording(row: Row[Any]) -> TemplateVersion:
    return TemplateVersion(**row._asdict())
