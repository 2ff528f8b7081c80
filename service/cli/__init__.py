"""The `permit-reminders` command: each subcommand is imported when it is called."""

import sys
from collections.abc import Mapping
from importlib import import_module

import click

from service import __version__
from service.domain.errors import PermitRemindersError

COMMANDS: Mapping[str, str] = {
    "demo": "demo",
    "serve": "serve",
    "tick": "serve",
    "import": "registers",
    "rules": "law",
    "authorities": "law",
    "explain": "explain",
    "counts": "counts",
    "report": "counts",
    "audit": "operate",
    "pause": "operate",
    "resume": "operate",
    "keys": "operate",
    "db": "operate",
    "sandbox": "sandbox",
}
"""Every command, and the file of this package that holds it."""

BAD_INPUT = 2


class _Lazy(click.Group):
    """Imports a command's file when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"service.cli.{COMMANDS[cmd_name]}")
        name = {"import": "import_"}.get(cmd_name, cmd_name)
        command: click.Command = getattr(module, name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Make sure no permit lapses because nobody told its holder in time.

    Exit codes: 0 done, 1 the answer is no, 2 bad input.
    """


def main() -> None:
    """Run one command; an error of people's is one line and exit code 2."""
    try:
        cli()
    except PermitRemindersError as error:
        click.echo(f"permit-reminders: {error}", err=True)
        sys.exit(BAD_INPUT)
