"""What an import came to, printed: counts first, then what to look at."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from service.domain.rejected_rows.reasons import ReasonGroup
from service.flow.permits.import_register import ImportResult
from service.flow.permits.look_at_permits import TAKES_TEXTS

_MOST_SHOWN: Final = 10
"""Reasons and words on the screen: the frequent ones of a whole file."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The rows of a file, why some are rejected, and what else there is to say.

    `is_confirmed` is false where a person must still confirm what is withdrawn.
    """

    rows: int
    reasons: Sequence[ReasonGroup]
    remarks: Sequence[str]
    is_confirmed: bool = True


def print_import(result: ImportResult, loaded: Loaded, rejects: Path) -> None:
    """Print what became of the rows; `rejects` is the CSV file of the rejected."""
    reasons = loaded.reasons
    click.echo(list_counts(result.outcomes) or "no rows")
    for remark in loaded.remarks:
        click.echo(remark)
    _print_decisions(result.decisions)
    _print_phones(result)
    for warning in result.suspicions.warnings(loaded.rows):
        click.echo(f"warning: {warning}")
    for group in reasons[:_MOST_SHOWN]:
        click.echo(str(group))
    if len(reasons) > _MOST_SHOWN:
        more = len(reasons) - _MOST_SHOWN
        click.echo(f"and {more} more, in the sheet Reasons of the workbook")
    if reasons:
        files = f"{rejects} and {rejects.with_suffix('.xlsx').name}"
        click.echo(f"the rejected rows, each with its reason: {files}")


def list_counts(counts: Mapping[str, int]) -> str:
    """Counts in one line: "1 expired, 2 registered"."""
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))


def _print_decisions(decisions: Counter[tuple[str, str]]) -> None:
    """Say how many rows a word of the mapping decided about."""
    for (action, word), count in decisions.most_common(_MOST_SHOWN):
        rows = "1 row" if count == 1 else f"{count} rows"
        click.echo(f"{rows}: {action}, as the mapping says for {word}")


def _print_phones(result: ImportResult) -> None:
    """Say how many permits have no phone that takes texts: a column may be ruined."""
    phones = result.phones
    textless = {why: count for why, count in phones.items() if why != TAKES_TEXTS}
    if textless:
        click.echo(
            f"{sum(textless.values())} of {phones.total()} active permits have no "
            f"phone that takes texts ({list_counts(textless)}); once their types are "
            "live, `permit-reminders unreachable list` names them; see "
            f"{result.suspicions.textless}"
        )
