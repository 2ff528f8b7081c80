"""The public surface of the command line: commands, options, exit codes."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import click

from service.cli import BAD_INPUT, cli
from service.cli.signal_handlers import INTERRUPTED, TERMINATED


def command_lines() -> Iterator[str]:
    """Every command, and after it each argument and option that it takes."""
    context = click.Context(cli, **cli.context_settings)
    yield f"of every command {', '.join(context.help_option_names)}: flag"
    yield from _commands(cli, "permit-reminders")


def exit_code_lines() -> Iterator[str]:
    """The codes that `--help` explains, and the constants behind them."""
    explained = (cli.help or "").partition("Exit codes:")[2]
    for code, words in re.findall(r"(\d) ([a-z ]+)", explained):
        yield f"{code}: {words}"
    yield f"BAD_INPUT: {BAD_INPUT}"
    yield f"INTERRUPTED: {INTERRUPTED}"
    yield f"TERMINATED: {TERMINATED}"


def _commands(command: click.Command, name: str) -> Iterator[str]:
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    usage = " ".join(one.human_readable_name for one in arguments)
    yield f"{name}: {usage}" if usage else name
    for one in command.params:
        yield f"{name} {_parameter(one)}"
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from _commands(found, below if command is cli else f"{name} {below}")


def _parameter(one: click.Parameter) -> str:
    """An argument by what stands for it in help, an option by what is typed."""
    info = one.to_info_dict()
    name = ", ".join([*one.opts, *one.secondary_opts])
    if isinstance(one, click.Argument):
        name = one.human_readable_name
    flags = ("required", "multiple", "count", "hidden")
    traits = [
        "flag" if info.get("is_flag") else _type(info["type"]),
        *(flag for flag in flags if info.get(flag)),
        *(f"{key}={info[key]}" for key in ("envvar", "prompt") if info.get(key)),
    ]
    if info["nargs"] != 1:
        traits.append(f"nargs={info['nargs']}")
    if info["default"] is not None and not info.get("is_flag"):
        traits.append(f"default={json.dumps(info['default'], default=str)}")
    return f"{name}: {', '.join(traits)}"


def _type(info: Mapping[str, Any]) -> str:
    """The type's name in help, and every bound that it has."""
    words = [info["name"]]
    for key, value in info.items():
        if key in {"name", "param_type"} or value is None or value is False:
            continue
        words.append(key if value is True else f"{key}={json.dumps(value)}")
    return " ".join(words)
