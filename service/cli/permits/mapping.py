"""Mapping files: checked, and tried on the first rows of a register."""

from __future__ import annotations

from contextlib import closing
from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING, Final

import click

from service.adapters.registers.register_file import read_register
from service.cli.installation import with_installation
from service.cli.option_types import FILE
from service.cli.permits.register_mapping import find_default_office, open_mapping
from service.domain.masking import mask_phone
from service.domain.permits.permit import NO_EXPIRY

if TYPE_CHECKING:
    from pathlib import Path

    from service.adapters.registers.register_row import RegisterRow
    from service.app import Installation

_ROWS: Final = 10
"""Rows of a register on which a mapping is tried."""


@click.group()
def mapping() -> None:
    """Mapping files: how the columns of a register become permit fields."""


@mapping.command()
@click.argument("mapping_file", metavar="MAPPING", type=FILE)
@click.argument("file", type=FILE, required=False)
@with_installation
async def check(
    installation: Installation, mapping_file: Path, file: Path | None
) -> int:
    """Check MAPPING, and show what the first rows of FILE would become.

    Nothing is stored. Exit code 1 if one of these rows would be rejected.
    """
    law = await installation.law_store.current_law()
    default = find_default_office(law, installation.settings.authority)
    loaded = open_mapping(mapping_file, law, default)
    if file is None:
        click.echo("no mistakes")
        return 0
    reading = read_register(file, loaded, default_authority=default)
    with closing(reading) as register:
        click.echo(f"read as {register.form}")
        rows = [*islice(register, _ROWS)]
    for row in rows:
        where = f"{file.name}:{row.line}"
        click.echo(str(row.error) if row.error else f"{where}: {_describe(row)}")
    rejected = sum(row.error is not None for row in rows)
    click.echo(f"{rejected} of the first {len(rows)} rows would be rejected")
    return int(rejected > 0)


def _describe(row: RegisterRow) -> str:
    """The fields of a row's permit that say something, phones masked."""
    permit = row.permit
    if row.withdraws:
        return f"withdraws rule {row.withdraws.rule}, number {row.withdraws.number}"
    if permit is None:
        return "skipped" if row.repeats is None else f"repeats line {row.repeats}"
    said = []
    for field in fields(permit):
        value = getattr(permit, field.name)
        if field.name == "expires_on":
            value = value or NO_EXPIRY
        if field.name == "phones":
            value = " ".join(map(mask_phone, value))
        if value:
            said.append(f"{field.name} {value}")
    return ", ".join(said)
