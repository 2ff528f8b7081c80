"""Imports that were done, and what each changed."""

from collections import Counter
from typing import Final

import click

from service.app import Installation
from service.cli.installation import with_installation
from service.cli.option_types import ID
from service.cli.output.import_report import list_counts
from service.domain.errors import ConflictError
from service.domain.masked_text import mask_text
from service.flow.permits.import_record import ImportChange, ImportRecord, ImportStore

_LISTED: Final = 20
_PAGE: Final = 500
"""Changes read at a time."""


@click.group()
def imports() -> None:
    """What was imported, and what each import changed."""


@imports.command("list")
@with_installation
async def list_(installation: Installation) -> None:
    """List the last 20 imports, the newest first."""
    for record in await installation.import_deps.store.page(None, None, _LISTED):
        click.echo(_import_line(record))


@imports.command()
@click.argument("import_id", metavar="[ID]", type=ID, required=False)
@with_installation
async def changes(installation: Installation, import_id: str | None) -> None:
    """Show what the import ID changed, or the last one."""
    store = installation.import_deps.store
    record = await (store.get(import_id) if import_id else _last(store))
    click.echo(_import_line(record))
    counts, after = Counter[str](), None
    while page := await store.changes(record.id, after, _PAGE):
        for change in page:
            click.echo(_change_line(change))
        counts.update(change.kind for change in page)
        after = page[-1].cursor
    click.echo(list_counts(counts) or "nothing changed")


async def _last(store: ImportStore) -> ImportRecord:
    newest = await store.page(None, None, 1)
    if not newest:
        raise ConflictError("nothing was imported yet")
    return newest[0]


def _import_line(record: ImportRecord) -> str:
    file = record.file
    return (
        f"{record.id}  {record.started_at:%Y-%m-%d %H:%M} UTC  {record.state}  "
        f"{mask_text(file.name)} into {mask_text(file.register)}, by {record.by}: "
        f"{list_counts(record.counts) or 'no rows yet'}"
    )


def _change_line(change: ImportChange) -> str:
    fields = ", ".join(
        f"{name} {_shown(values[0])} -> {_shown(values[1])}" if values else name
        for name, values in change.fields.items()
    )
    permit = f"{change.authority} {change.rule} {change.number}"
    return f"{change.kind}  {permit}{f': {fields}' if fields else ''}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return "; ".join(map(_shown, value)) or "none"
    return "none" if value is None else str(value)
