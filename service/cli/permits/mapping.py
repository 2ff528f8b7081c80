"""Mapping files: checked, and tried on the first rows of a register."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING, Final

import click

from service.adapters.lookups.registers import MappedRegisters, read_answer
from service.adapters.lookups.rows import NoUsableAnswerError
from service.adapters.registers.register_file import read_register
from service.cli.installation import with_installation
from service.cli.option_types import FILE, NUMBER
from service.cli.permits.register_mapping import find_default_office, open_mapping
from service.domain.masking import mask_phone
from service.domain.permits.permit import NO_EXPIRY
from service.domain.permits.permit_number import normalize_number

if TYPE_CHECKING:
    from pathlib import Path

    from service.adapters.registers.mapping import RegisterMapping
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
@click.option(
    "--ask",
    "number",
    type=NUMBER,
    metavar="NUMBER",
    help="Ask the register about this permit, as before a text.",
)
@with_installation
async def check(
    installation: Installation,
    mapping_file: Path,
    file: Path | None,
    number: str | None,
) -> int:
    """Check MAPPING, and show what the first rows of FILE would become.

    Nothing is stored. Exit code 1 if one of these rows would be rejected, or the
    register gives no usable answer about NUMBER.
    """
    if file is not None and number is not None:
        raise click.UsageError("give FILE or --ask")
    law = await installation.law_store.current_law()
    default = find_default_office(law, installation.settings.authority)
    loaded = open_mapping(mapping_file, law, default)
    if number is not None:
        return await _ask(loaded, number, default)
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


async def _ask(mapping: RegisterMapping, number: str, default: str | None) -> int:
    """Show what the register says of one permit."""
    registers = MappedRegisters(os.environ)
    try:
        async with registers.open(mapping.lookup) as ask_row:
            answer = await ask_row(normalize_number(number))
        rows = [] if answer is None else read_answer(answer, mapping, default)
    except NoUsableAnswerError as error:
        click.echo(f"no usable answer: {error.cause}")
        return 1
    for row in rows:
        click.echo(str(row.error) if row.error else _describe(row))
    if not rows:
        click.echo("not found in the register")
    return int(any(row.error is not None for row in rows))


def _describe(row: RegisterRow) -> str:
    """The fields of a row's permit that say something, phones masked."""
    permit = row.permit
    if row.withdraws:
        return f"withdraws rule {row.withdraws.rule}, number {row.withdraws.number}"
    if row.filing:
        filed_on = row.filing.filed_on or "an unknown day"
        return f"renewal of {row.filing.number} {row.filing.state}, {filed_on}"
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
