"""The JSON Schemas of the files that people write."""

import json

import click

from service.formats.schemas import FILES, file_schema


@click.command()
@click.argument("kind", type=click.Choice(list(FILES)))
def schema(kind: str) -> None:
    """Print the JSON Schema of a kind of file.

    Editors complete and check a TOML file by it where its first line is
    `#:schema PATH`, as in the files of schedules/ and examples/.
    """
    click.echo(json.dumps(file_schema(kind), ensure_ascii=False, indent=2))
