"""What an import came to, printed: counts first, then what to look at."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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

    `form` is how the file was read. `is_confirmed` is false where a person must still
    confirm what is withdrawn.
    """

    form: str
    rows: int
    reasons: Sequence[ReasonGroup]
    remarks: Sequence[str]
    is_confirmed: bool = True


def print_import(result: ImportResult, loaded: Loaded, rejects: Path) -> None:
    """Print what became of the rows; `rejects` is the CSV file of the rejected."""
    for line in _describe(result, loaded):
        click.echo(line)
    if loaded.reasons:
        files = f"{rejects} and {rejects.with_suffix('.xlsx').name}"
        click.echo(f"the rejected rows, each with its reason: {files}")


def full_report(result: ImportResult, loaded: Loaded) -> list[str]:
    """What is printed of an import, by lines, but for where the rejected rows are."""
    return [f"read as {loaded.form}", *_describe(result, loaded)]


def _describe(result: ImportResult, loaded: Loaded) -> Iterator[str]:
    reasons = loaded.reasons
    yield list_counts(result.outcomes) or "no rows"
    yield from loaded.remarks
    yield from _describe_decisions(result.decisions)
    yield from _describe_phones(result)
    for warning in result.suspicions.warnings(loaded.rows):
        yield f"warning: {warning}"
    yield from map(str, reasons[:_MOST_SHOWN])
    if len(reasons) > _MOST_SHOWN:
        more = len(reasons) - _MOST_SHOWN
        yield f"and {more} more, in the sheet Reasons of the workbook"


def list_counts(counts: Mapping[str, int]) -> str:
    """Counts in one line: "1 expired, 2 registered"."""
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))


def _describe_decisions(decisions: Counter[tuple[str, str]]) -> Iterator[str]:
    """Say how many rows a word of the mapping decided about."""
    for (action, word), count in decisions.most_common(_MOST_SHOWN):
        rows = "1 row" if count == 1 else f"{count} rows"
        yield f"{rows}: {action}, as the mapping says for {word}"
    if len(decisions) > _MOST_SHOWN:
        yield f"and rows with {len(decisions) - _MOST_SHOWN} more words of the mapping"


def _describe_phones(result: ImportResult) -> Iterator[str]:
    """Say how many permits have no phone that takes texts: a column may be ruined."""
    phones = result.phones
    textless = {why: count for why, count in phones.items() if why != TAKES_TEXTS}
    if textless:
        yield (
            f"{sum(textless.values())} of {phones.total()} active permits have no "
            f"phone that takes texts ({list_counts(textless)}); once their types are "
            "live, `permit-reminders unreachable list` names them; see "
            f"{result.suspicions.textless}"
        )
