"""Print what a change of the law does to permits, on one screen."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click
import orjson

from service.flow.law_change.change import ChangeResult
from service.flow.law_change.summary import summarize_change

_VERBS: Final = {
    False: {
        "change": "would change",
        "move": "would move",
        "come": "would come",
        "become": "would become",
        "be": "would be",
        "now be": "would be",
    },
    True: {
        "change": "changed",
        "move": "moved",
        "come": "came",
        "become": "became",
        "be": "were",
        "now be": "are",
    },
}
"""The verbs of a preview (False) and of a change that was applied (True)."""

_COUNTS: Final = {
    "exact": "closings {become} exact that were provisional",
    "past": "closings {now be} past for permits that still run, call them",
    "late": "texts late, {now be} sent at the next tick",
    "kept": "texts already sent, {now be} kept",
    "dropped": "texts already sent in a step that {be} dropped",
    "redated": "due reminders {be} re-dated",
    "superseded": "due reminders {be} superseded",
    "corrected": "corrections {now be} due",
}

_MAX_CHANGES: Final = 12
"""Changes of the law that are shown; the rest is only counted, to fit a screen."""


def print_law_change(
    change: ChangeResult, *, applied: bool, as_json: bool = False
) -> int:
    """Print what a change would do, or did; 1 if something objects to a preview.

    An applied change with objections was forced: it returns 0.
    """
    summary = summarize_change(change, applied=applied)
    if as_json:
        click.echo(orjson.dumps(summary, option=orjson.OPT_INDENT_2))
    else:
        for line in _lines(summary, _VERBS[applied]):
            click.echo(line)
    return 1 if summary["objections"] and not applied else 0


def _lines(summary: Mapping[str, Any], verbs: Mapping[str, str]) -> Iterator[str]:
    yield from _changes(summary["changes"])
    if summary["permits"] or summary["corrected"]:
        yield f"permits {verbs['move']}: {summary['permits']}"
        for direction in ("earlier", "later"):
            yield from _shift(direction, summary[direction], verbs)
        for key, words in _COUNTS.items():
            if summary[key]:
                yield f"  {words.format_map(verbs)}: {_count(summary[key])}"
        yield from _weeks(summary["weeks"])
    elif summary["changes"]:
        yield f"no permit {verbs['move']}"
    else:
        yield f"nothing {verbs['change']}"
    for line in summary["objections"]:
        yield f"{'forced' if summary['applied'] else 'objection'}: {line}"


def _changes(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in changes[:_MAX_CHANGES]:
        match one["before"], one["after"]:
            case None, new:
                yield f"new {new}"
            case former, None:
                yield f"gone {former}"
            case former, new:
                yield former if former == new else f"{former} -> {new}"
        for field in one["fields"]:
            before, after = field["before"] or "nothing", field["after"] or "nothing"
            yield f"  {field['field']}: {before} -> {after}"
    if (more := len(changes) - _MAX_CHANGES) > 0:
        yield f"… and {more} more; use --json to see them"


def _shift(
    direction: str, shift: Mapping[str, int], verbs: Mapping[str, str]
) -> Iterator[str]:
    least, most = shift["least_days"], shift["most_days"]
    if shift["permits"]:
        days = f"{least}" if least == most else f"{least} to {most}"
        moved = f"closings {verbs['come']} {direction}"
        yield f"  {moved}: {shift['permits']}, by {days} days"


def _count(found: int | Mapping[str, int]) -> str:
    if isinstance(found, int):
        return str(found)
    return ", ".join(f"{step} {count}" for step, count in found.items())


def _weeks(weeks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{'reminders due, week of':24}{'before':>9}{'after':>9}"
    for week in weeks:
        yield f"  {week['monday']!s:22}{week['before']:>9}{week['after']:>9}"
