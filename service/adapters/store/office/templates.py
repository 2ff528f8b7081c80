"""Templates that an office saved; a saved version never changes."""

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import templates
from service.adapters.store.law.digest import read_law_digest, update_law_digest
from service.domain.errors import ConflictError
from service.domain.lawbook.revisions import template_revision
from service.flow.office.templates import (
    TemplateStore,
    TemplateVersion,
)
from service.flow.ports import RevisionCheck

_ORDER = (templates.c.name, templates.c.language, templates.c.version)


class SqlTemplateStore(TemplateStore):
    """Reads and saves versions; version 0, the shipped file, is not stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def saved_versions(self, name: str | None = None) -> list[TemplateVersion]:
        """Every version of one template, or of all, in the order of their numbers."""
        wanted = select(templates).order_by(*_ORDER)
        if name is not None:
            wanted = wanted.where(templates.c.name == name)
        async with self._database.read() as connection:
            return list(map(_template_version, await connection.execute(wanted)))

    async def used_versions(self) -> tuple[str, list[TemplateVersion]]:
        """The digest of the law, and the versions used under it."""
        wanted = select(templates).where(_is_newest()).order_by(*_ORDER)
        async with self._database.read() as connection:
            found = await connection.execute(wanted)
            return await read_law_digest(connection), list(
                map(_template_version, found)
            )

    async def save(
        self,
        shipped: TemplateVersion,
        text: str,
        now: datetime,
        by: str,
        *,
        dry_run: bool,
        check: RevisionCheck | None = None,
    ) -> TemplateVersion:
        """Save a text as the next version and log who did; `dry_run` rolls it back."""
        transaction = self._database.dry_run if dry_run else self._database.write
        async with transaction() as connection:
            await read_law_digest(connection, lock="update")
            if check is not None:
                check(await _stored_revision(connection, shipped.name))
            current = await _current_version(connection, shipped)
            if text == current.text:
                reason = f"{current.display_name} says that already; nothing was saved"
                raise ConflictError(reason)
            saved = replace(
                current,
                version=current.version + 1,
                text=text,
                saved_at=now,
                saved_by=by,
            )
            await connection.execute(insert(templates).values(asdict(saved)))
            await update_law_digest(connection)
            detail = {
                "name": saved.name,
                "language": saved.language,
                "version": saved.version,
            }
            await log_action(connection, now, by, "templates save", detail)
            return saved


async def _current_version(
    connection: AsyncConnection, shipped: TemplateVersion
) -> TemplateVersion:
    """The version of a template in use: the newest saved one, or the shipped one."""
    found = await connection.execute(
        select(templates).where(
            templates.c.name == shipped.name,
            templates.c.language == shipped.language,
            _is_newest(),
        )
    )
    row = found.first()
    return _template_version(row) if row else shipped


async def _stored_revision(connection: AsyncConnection, name: str) -> str:
    numbers = select(templates.c.language, templates.c.version)
    found = await connection.execute(numbers.where(templates.c.name == name))
    return template_revision(name, [(row.language, row.version) for row in found])


def _is_newest() -> ColumnElement[bool]:
    """Whether no later version of the template is saved in the same language."""
    other = templates.alias()
    last = select(func.max(other.c.version)).where(
        other.c.name == templates.c.name, other.c.language == templates.c.language
    )
    return templates.c.version == last.scalar_subquery()


def _template_version(row: Row[Any]) -> TemplateVersion:
    return TemplateVersion(**row._asdict())
