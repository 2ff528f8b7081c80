"""The `permit-reminders` command: each subcommand is imported when it is called."""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final

import click

from service import __version__
from service.domain.errors import PermitRemindersError

PROGRAM: Final = "permit-reminders"

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "demo": (
        "server.demo",
        "A fictional province's first week: 12 permit types, 830 SMS.",
    ),
    "serve": (
        "server.serve",
        "Serve the API and the webhooks, and send what falls due.",
    ),
    "tick": (
        "server.serve",
        "One full pass: expand, settle, send, ask after receipts.",
    ),
    "import": (
        "permits.import_permits",
        "Load a register of permits; wrong rows come back.",
    ),
    "rules": ("law.rules", "The law of each permit type: check, diff, apply, revert."),
    "templates": ("office.templates", "The words of texts: check, preview, save."),
    "calendars": ("law.calendars", "The office's own days: load, show."),
    "authorities": ("office.authorities", "The offices that send: load, try, go live."),
    "explain": ("reports.explain", "Why a permit is texted when it is."),
    "forecast": (
        "reports.forecast",
        "How many reminders come on each of the next days.",
    ),
    "counts": (
        "reports.counts",
        "Count what was sent, by rule, authority, day or week.",
    ),
    "report": ("reports.counts", "The weekly report."),
    "calls": (
        "reports.calls",
        "Who must be called: no text reaches them, or none in time.",
    ),
    "unreachable": ("permits.unreachable", "Holders that no text reaches: list, lift."),
    "opt-outs": (
        "permits.opt_outs",
        "Phones that are texted no more: list, add, lift.",
    ),
    "outbox": ("sending.outbox", "The office's own SMS platform: check, results."),
    "messages": ("sending.messages", "Messages: list, show, decide unknown outcomes."),
    "audit": ("sending.pause", "Recompute the ledger; exit 1 on any difference."),
    "pause": ("sending.pause", "Stop sending: everything, a rule or an authority."),
    "resume": ("sending.pause", "Send again what was paused."),
    "keys": ("server.keys", "API keys: create, list, revoke."),
    "db": ("server.db", "The database's tables: upgrade, status."),
    "sandbox": ("server.sandbox", "Run the Twilio double in the foreground."),
}
"""Every command: the file of this package that holds it, and its line in the list."""

BAD_INPUT: Final = 2
INTERRUPTED: Final = 130  # as a shell says it: 128 + SIGINT
TERMINATED: Final = 143  # 128 + SIGTERM


class _LazyGroup(click.Group):
    """Imports a command's file when the command is asked for, not to list it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"service.cli.{COMMANDS[cmd_name][0]}")
        name = {"import": "import_"}.get(cmd_name, cmd_name.replace("-", "_"))
        command: click.Command = getattr(module, name)
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Make sure no permit lapses because nobody told its holder in time.

    Exit codes: 0 done, 1 the answer is no, 2 bad input.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit; what is wrong with its input is one line and code 2."""
    try:
        code = cli.main(arguments, prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = BAD_INPUT
    except click.UsageError as error:
        asked = error.ctx.command_path if error.ctx else PROGRAM
        said = error.format_message().rstrip(".")
        code = _refuse(asked, f"{said}; see {asked} --help")
    except PermitRemindersError as error:
        code = _refuse(PROGRAM, str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        code = _refuse(PROGRAM, f"{where}{error.strerror or error}")
    except click.Abort:
        code = INTERRUPTED
    sys.exit(code)


def _refuse(who: str, what: str) -> int:
    line = " ".join(part.strip() for part in what.splitlines())
    click.echo(f"{who}: {line}", err=True)
    return BAD_INPUT
