"""The model's first report, produced."""

import asyncio
import logging
from pathlib import Path

import click

from service.adapters.logs import configure_logging
from service.cli.option_types import FOLDER
from service.demo import run_demo as run


@click.command()
@click.option(
    "--dir",
    "folder",
    type=FOLDER,
    help="Keep the database here; a demo that was killed goes on where it was.",
)
def demo(folder: Path | None) -> None:
    """A fictional province's first week: 12 permit types, 830 messages."""
    configure_logging(json=False, level="warning")
    logging.getLogger("service").setLevel(logging.WARNING)
    click.get_current_context().exit(asyncio.run(run(folder)))
