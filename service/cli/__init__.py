"""The `permit-reminders` command; a subcommand is imported only when it runs."""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final

import click

from service import __version__
from service.cli.signal_handlers import INTERRUPTED, ending_at_once
from service.cli.typed_number import UnknownNumberError
from service.domain.errors import ConflictError, InvalidError, PermitRemindersError
from service.domain.masked_text import mask_text
from service.domain.untrusted.text import is_utf8

PROGRAM: Final = "permit-reminders"

COMMAND_GROUPS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "Try it": {
        "demo": (
            "server.demo",
            "Play a fictional province's first week: 830 SMS, nothing real.",
        ),
        "explain": (
            "reports.explain",
            "Show how reminder dates were computed, and a permit's history.",
        ),
    },
    "Law and offices": {
        "init": (
            "office.init",
            "Answer five questions; get an office file and a mapping.",
        ),
        "rules": ("law.rules", "Check, compare, apply and revert the permit rules."),
        "calendars": ("law.calendars", "Load and show an office's own holidays."),
        "authorities": ("office.authorities", "Load offices, try them, go live."),
        "templates": ("office.templates", "Check, preview and save the SMS texts."),
        "schema": ("law.schema", "Print the JSON Schema of a file that you write."),
    },
    "Permits": {
        "import": (
            "permits.import_permits",
            "Load permits from a CSV file; rejected rows are written back.",
        ),
        "imports": (
            "permits.imports",
            "List imports; show what each changed, permit by permit.",
        ),
        "mapping": (
            "permits.mapping",
            "Check a mapping file, and try it on a register's first rows.",
        ),
        "opt-outs": ("permits.opt_outs", "List, add and lift opt-outs of phones."),
        "unreachable": (
            "permits.unreachable",
            "List permits that no SMS reaches; mark a phone as working.",
        ),
    },
    "Sending": {
        "messages": (
            "sending.messages",
            "List messages; decide outcomes; read what holders answer.",
        ),
        "outbox": (
            "sending.outbox",
            "Check your SMS platform's format; read its results.",
        ),
        "test-sms": (
            "sending.test_sms",
            "Send one text to your own phone; it counts for nothing.",
        ),
        "pause": ("sending.pause", "Stop sending: all, a rule or an office."),
        "resume": ("sending.pause", "Send again what was paused."),
        "failover": (
            "sending.failover",
            "Show what a failover put in doubt; decide on it.",
        ),
    },
    "Reports": {
        "forecast": ("reports.forecast", "Show how many reminders fall due each day."),
        "counts": (
            "reports.counts",
            "Count what was sent, by rule, authority, day or week.",
        ),
        "report": ("reports.report", "Print the weekly report."),
        "calls": ("reports.calls", "List the holders that you must call."),
        "audit": ("reports.audit", "Recompute the ledger; exit 1 on a difference."),
    },
    "Server": {
        "doctor": ("reports.doctor", "Say what would go wrong, and what to do."),
        "serve": ("server.serve", "Serve the API and send reminders when due."),
        "tick": ("server.serve", "Run one pass: expand, settle, send, poll."),
        "db": ("server.db", "Upgrade the database, or show its revision."),
        "keys": ("server.keys", "Create, list and revoke API keys."),
        "sandbox": ("server.sandbox", "Run the Twilio double in the foreground."),
    },
}
"""The commands by subject; each has its module below this package and its help line."""

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    name: entry for group in COMMAND_GROUPS.values() for name, entry in group.items()
}
"""Every command with its module and its help line."""

BAD_INPUT: Final = 2

LONGEST_ARGUMENT: Final = 4096
"""Characters of an argument: those of the longest path that Linux takes."""


class _LazyGroup(click.Group):
    """Imports the module of a command when it runs, not to list the commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in COMMANDS:
            return None
        with ending_at_once():
            module = import_module(f"service.cli.{COMMANDS[cmd_name][0]}")
        name = {"import": "import_"}.get(cmd_name, cmd_name.replace("-", "_"))
        command: click.Command = getattr(module, name)
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        formatter: click.HelpFormatter,
    ) -> None:
        width = max(map(len, COMMANDS))
        for title, commands in COMMAND_GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [(name.ljust(width), line) for name, (_, line) in commands.items()]
                )


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version")
def cli() -> None:
    """Remind permit holders by SMS before their renewal window closes.

    Exit codes: 0 done, 1 the answer is no, 2 bad input, 3 done but much was rejected.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit; bad input prints a line a mistake and exits with 2.

    Phones are masked in these lines: they end in tickets and logs. A permit number that
    is unknown is shown as it was typed.
    """
    try:
        _refuse_unreadable(sys.argv[1:] if arguments is None else arguments)
        code = cli.main(arguments, prog_name=PROGRAM, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = BAD_INPUT
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else PROGRAM
        reason = error.format_message().rstrip(".")
        code = _refuse(command, f"{reason}; see {command} --help")
    except UnknownNumberError as error:
        click.echo(f"{PROGRAM}: {error}", err=True)
        code = BAD_INPUT
    except (InvalidError, ConflictError) as error:
        click.echo(mask_text(f"{PROGRAM}: {error}"), err=True)
        code = BAD_INPUT
    except PermitRemindersError as error:
        code = _refuse(PROGRAM, str(error))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        code = _refuse(PROGRAM, f"{where}{error.strerror or error}")
    except click.Abort:
        code = INTERRUPTED
    sys.exit(code)


def _refuse_unreadable(arguments: Sequence[str]) -> None:
    """Raise `UsageError` for what no text, number or path can be.

    Python passes on bytes that are not UTF-8 as halves of characters, which can be
    neither printed nor stored.
    """
    for number, argument in enumerate(arguments, start=1):
        if len(argument) > LONGEST_ARGUMENT:
            found, expected = (
                f"{len(argument)} characters",
                f"at most {LONGEST_ARGUMENT}",
            )
        elif not is_utf8(argument):
            found, expected = ascii(argument), "text in UTF-8"
        else:
            continue
        raise click.UsageError(f"argument {number}: found {found}, expected {expected}")


def _refuse(command: str, error: str) -> int:
    line = " ".join(part.strip() for part in error.splitlines())
    click.echo(mask_text(f"{command}: {line}"), err=True)
    return BAD_INPUT
