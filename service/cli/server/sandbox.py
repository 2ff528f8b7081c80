"""The Twilio double in the foreground."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from service.cli.option_types import FILE, FOLDER, NamedPath, Text
from service.sandbox.options import FLAGS, Flag, Options
from service.sandbox.server import run

_DEFAULTS: Final = {"directory": Path("sandbox"), "port": 4010}
"""What a person who names nothing gets: a place, and an address to remember."""

_TYPES: Final[Mapping[str, Any]] = {
    "directory": FOLDER,
    "users": NamedPath(dir_okay=False),
    "faults": FILE,
    "host": Text("an address", 255),
    "inbound_url": Text("a URL", 2048),
}


def _option(flag: Flag) -> click.Option:
    if flag.field in _DEFAULTS:
        default = _DEFAULTS[flag.field]
    else:
        default = Options.__dataclass_fields__[flag.field].default
    kind: Any = _TYPES.get(flag.field, flag.type)
    if flag.most is not None:
        kind = click.FloatRange if flag.type is float else click.IntRange
        kind = kind(0, flag.most)
    return click.Option(
        [flag.name, flag.field],
        type=kind,
        default=default,
        show_default=default is not None,
        help=flag.help,
    )


@click.command(params=[_option(flag) for flag in FLAGS])
def sandbox(**chosen: Any) -> None:  # noqa: ANN401 - as FLAGS says
    """Run the sandbox: Twilio's API, signed callbacks, an inbox page at /."""
    click.get_current_context().exit(run(Options(**chosen)))
