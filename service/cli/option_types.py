"""Options that several commands share, and the types of their values."""

from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import click

from service.domain.delivery.operator_request import SCOPE_SYNTAX, is_scope

YEARS: Final = range(1950, 2201)
"""Years of days and instants, as of the dates of permits: zones can be applied."""

_IN_YEARS: Final = f"from {YEARS[0]} to {YEARS[-1]}"

FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
"""A file that exists; a folder or a missing file is bad input."""

AUTHORITY: Final = click.option(
    "--authority", metavar="CODE", help="Default: PERMIT_REMINDERS_AUTHORITY."
)
AUTHORITY_TREE: Final = click.option(
    "--authority",
    metavar="CODE",
    help="This authority and all below it. Default: PERMIT_REMINDERS_AUTHORITY.",
)
FORCE: Final = click.option(
    "--force", metavar="REASON", help="Do it despite objections; REASON is stored."
)
DRY_RUN: Final = click.option(
    "--dry-run", is_flag=True, help="Show what would happen; change nothing."
)
PHONE: Final = click.argument("phone")
PHONE_AUTHORITY: Final = click.option(
    "--authority",
    metavar="CODE",
    help="PHONE is dialled in this authority's country. "
    "Default: PERMIT_REMINDERS_AUTHORITY.",
)
REASON: Final = click.option("--reason", help="Why; it is stored.")
AS_JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Day(click.ParamType[date]):
    """A date such as 2026-12-31."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: Any, ctx: Any) -> date:  # noqa: ANN401 - click's
        """Parse the value; fails with the form that is expected."""
        try:
            read = date.fromisoformat(value)
        except ValueError:
            read = None
        if read is None or read.year not in YEARS:
            expected = f"a day such as 2026-12-31, {_IN_YEARS}"
            self.fail(f"found {value!r}, expected {expected}", param, ctx)
        return read


class Instant(click.ParamType[datetime]):
    """An instant with its zone, such as 2024-01-29T09:30+08:00."""

    name = "INSTANT"

    def convert(self, value: Any, param: Any, ctx: Any) -> datetime:  # noqa: ANN401 - click's
        """Parse the value; fails with the form that is expected."""
        if isinstance(value, datetime):
            return value
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            read = None
        if read is None or read.tzinfo is None or read.year not in YEARS:
            expected = (
                f"an instant with its zone such as 2024-01-29T09:30+08:00, {_IN_YEARS}"
            )
            self.fail(f"found {value!r}, expected {expected}", param, ctx)
        return read


class PauseScope(click.ParamType[str]):
    """What a pause stops: all, or one rule, authority or sending office."""

    name = "SCOPE"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:  # noqa: ANN401 - click's
        """Check the form only; the installation knows which codes exist."""
        if not is_scope(str(value)):
            self.fail(f"found {value!r}, expected {SCOPE_SYNTAX}", param, ctx)
        return str(value)
