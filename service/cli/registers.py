"""Loading a register."""

from pathlib import Path

import click

from service.adapters.registers.csvfile import read_csv
from service.adapters.registers.mapping_file import load_mapping
from service.adapters.registers.rejects import rejects_file
from service.app import House
from service.cli.opened import in_house
from service.flow.intake import take_in
from service.flow.ports import Register


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(path_type=Path),
    help="How this register's columns become permit fields.",
)
@in_house
async def import_(house: House, file: Path, mapping_file: Path | None) -> None:
    """Load the permits of FILE (CSV); wrong rows come back in FILE.rejects.csv."""
    mapping = load_mapping(mapping_file) if mapping_file else None
    law = await house.office.law()
    default = law.default_authority(house.settings.authority).code if law.rules else ""
    source = Register(file.name)
    if mapping and mapping.source:
        source = Register(mapping.source, mapping.max_age_days)
    path = file.with_name(f"{file.name}.rejects.csv")
    rows = read_csv(file, mapping, default_authority=default)
    with rejects_file(path) as rejects:
        counts = await take_in(rows, source, house.registration, rejects)
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    click.echo(told or "no rows")
    if rejects.count:
        click.echo(f"the rejected rows, each with its reason: {path}")
