"""Options that several commands share, and the types of their values."""

from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from service.domain.delivery.operator_request import (
    MAX_NAME_LENGTH,
    MAX_REASON_LENGTH,
    SCOPE_SYNTAX,
    is_scope,
)
from service.domain.untrusted.raw_fields import RawFields
from service.domain.untrusted.text import CONTROL_CHARACTERS, remove_invisible

YEARS: Final = range(1950, 2201)
"""Years of days and instants, as of the dates of permits: zones can be applied."""

_IN_YEARS: Final = f"from {YEARS[0]} to {YEARS[-1]}"

_SHOWN: Final = 60
"""Characters of a wrong value that its error repeats."""


class Text(click.ParamType[str]):
    """Text in one line that is not blank, of at most so many characters."""

    name = "text"

    def __init__(self, expected: str, longest: int) -> None:
        self._expected = expected
        self._longest = longest

    def convert(self, value: Any, param: Any, ctx: Any) -> str:  # noqa: ANN401 - click's
        """Strip the text; fails where it is blank, too long or not one line."""
        raw = RawFields({"text": value})
        text = raw.required_text("text", self._longest, self._expected)
        for mistake in raw.mistakes:
            self.fail(f"found {mistake.found}, expected {mistake.expected}", param, ctx)
        return text


class DatabaseAddress(Text):
    """The address of a database; an error shows nothing of it, such as a password."""

    def convert(self, value: Any, param: Any, ctx: Any) -> str:  # noqa: ANN401 - click's
        """Check the form; fails for what is no address."""
        try:
            address = super().convert(value, param, ctx)
            _ = urlsplit(address).port  # ValueError for one that nobody has
        except (click.BadParameter, ValueError):
            address = ""
        if not address.startswith(("sqlite:///", "postgresql://")):
            self.fail("expected sqlite:///FILE or postgresql://…", param, ctx)
        return address


class Code(Text):
    """The same, without the marks that nobody sees in a code or number."""

    def convert(self, value: Any, param: Any, ctx: Any) -> str:  # noqa: ANN401 - click's
        """Remove the invisible marks; fails as for any text."""
        return super().convert(remove_invisible(value), param, ctx)


class NamedPath(click.Path):
    """A path that is not empty, which would be the current folder."""

    def __init__(self, **how: bool) -> None:
        super().__init__(path_type=Path, **how)

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401 - click's
        """Check the path as click does; fails for one that nobody can have meant."""
        if isinstance(value, str) and (not value or CONTROL_CHARACTERS.search(value)):
            self.fail(f"found {_shown(value)}, expected a path", param, ctx)
        return super().convert(value, param, ctx)


FILE: Final = NamedPath(exists=True, dir_okay=False)
"""A file that exists; a folder or a missing file is bad input."""

FOLDER: Final = NamedPath(file_okay=False)
"""A folder that is there or will be made."""

CODE: Final = Code("a code", 64)
"""The code of a rule, an office or a calendar, or the name of a template."""

VERSION: Final = Code("the key of a version", 120)
NUMBER: Final = Code("a number", 64)
"""The number of a permit or a phone."""

ID: Final = Code("an id", 64)
DATABASE: Final = DatabaseAddress("an address", 2000)
WEEK: Final = Code("an ISO week such as 2024-W05", 64)
WORDS: Final = Text("why, in one line", MAX_REASON_LENGTH)
NAME: Final = Text("a name", MAX_NAME_LENGTH)

AUTHORITY: Final = click.option(
    "--authority",
    type=CODE,
    metavar="CODE",
    help="Default: PERMIT_REMINDERS_AUTHORITY.",
)
AUTHORITY_TREE: Final = click.option(
    "--authority",
    type=CODE,
    metavar="CODE",
    help="This authority and all below it. Default: PERMIT_REMINDERS_AUTHORITY.",
)
FORCE: Final = click.option(
    "--force",
    type=WORDS,
    metavar="REASON",
    help="Do it despite objections; REASON is stored.",
)
DRY_RUN: Final = click.option(
    "--dry-run", is_flag=True, help="Show what would happen; change nothing."
)
PHONE: Final = click.argument("phone", type=NUMBER)
PHONE_AUTHORITY: Final = click.option(
    "--authority",
    type=CODE,
    metavar="CODE",
    help="PHONE is dialled in this authority's country. "
    "Default: PERMIT_REMINDERS_AUTHORITY.",
)
REASON: Final = click.option("--reason", type=WORDS, help="Why; it is stored.")
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
            self.fail(f"found {_shown(value)}, expected {expected}", param, ctx)
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
            self.fail(f"found {_shown(value)}, expected {expected}", param, ctx)
        return read


class PauseScope(click.ParamType[str]):
    """What a pause stops: all, or one rule, authority or sending office."""

    name = "SCOPE"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:  # noqa: ANN401 - click's
        """Check the form only; the installation knows which codes exist."""
        if not is_scope(str(value)):
            self.fail(f"found {_shown(value)}, expected {SCOPE_SYNTAX}", param, ctx)
        return str(value)


def _shown(value: str) -> str:
    return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")
