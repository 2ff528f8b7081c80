"""Values that people write on the command line: files, days, instants, scopes."""

from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import click

from service.domain.delivery.operator_request import SCOPE_SYNTAX, is_scope

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
"""A file that is there; a folder or nothing is bad input."""

FORCE: Final = click.option(
    "--force", metavar="REASON", help="Do it all the same; the reason is kept."
)
DRY_RUN: Final = click.option(
    "--dry-run", is_flag=True, help="Only say what it would do."
)
PHONE: Final = click.argument("phone")
PHONE_AUTHORITY: Final = click.option(
    "--authority",
    help="The office in whose country it is dialled; default: the settings' one.",
)
REASON: Final = click.option("--reason", help="Why; it is kept.")
AS_JSON: Final = click.option("--json", "as_json", is_flag=True, help="For machines.")


class Day(click.ParamType[date]):
    """A date such as 2026-12-31."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:  # noqa: ANN401 - click's
        """Read one; anything else is bad input."""
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"found {value!r}, expected a day such as 2026-12-31", param, ctx)


class Instant(click.ParamType[datetime]):
    """An instant with its zone, such as 2024-01-29T09:30+08:00."""

    name = "INSTANT"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:  # noqa: ANN401 - click's
        """Read one; anything else is bad input."""
        if isinstance(value, datetime):
            return value
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            read = None
        if read is None or read.tzinfo is None:
            expected = "an instant with its zone such as 2024-01-29T09:30+08:00"
            self.fail(f"found {value!r}, expected {expected}", param, ctx)
        return read


class PauseScope(click.ParamType[str]):
    """What a brake holds: all, or a rule, an authority or what an office sends."""

    name = "SCOPE"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:  # noqa: ANN401 - click's
        """Read one; whether the code is known is for the installation to say."""
        if not is_scope(str(value)):
            self.fail(f"found {value!r}, expected {SCOPE_SYNTAX}", param, ctx)
        return str(value)
