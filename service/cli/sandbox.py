"""The Twilio double in the foreground."""

from pathlib import Path

import click

from service.sandbox.application import Options
from service.sandbox.server import run


@click.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), default="sandbox")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=int, default=4010, show_default=True)
def sandbox(folder: Path, host: str, port: int) -> None:
    """Run the sandbox: Twilio's API, signed callbacks, an inbox page at /."""
    code = run(Options(directory=folder, host=host, port=port))
    click.get_current_context().exit(code)
