"""What a change of the law does to permits, on one screen."""

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
"""What a preview says, and what was done."""

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

_MOST_CHANGES: Final = 12
"""How many changes of the law are shown before the rest is counted."""


def print_law_change(
    changed: ChangeResult, *, applied: bool, as_json: bool = False
) -> int:
    """Print what a change would do, or did; 1 where something speaks against it.

    What was applied was forced, if so, and then it is 0.
    """
    told = summarize_change(changed, applied=applied)
    if as_json:
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    else:
        for line in _lines(told, _VERBS[applied]):
            click.echo(line)
    return 1 if told["objections"] and not applied else 0


def _lines(told: Mapping[str, Any], verbs: Mapping[str, str]) -> Iterator[str]:
    yield from _changes(told["changes"])
    if told["permits"] or told["corrected"]:
        yield f"permits {verbs['move']}: {told['permits']}"
        for way in ("earlier", "later"):
            yield from _shift(way, told[way], verbs)
        for key, words in _COUNTS.items():
            if told[key]:
                yield f"  {words.format_map(verbs)}: {_count(told[key])}"
        yield from _weeks(told["weeks"])
    elif told["changes"]:
        yield f"no permit {verbs['move']}"
    else:
        yield f"nothing {verbs['change']}"
    for line in told["objections"]:
        yield f"{'forced' if told['applied'] else 'objection'}: {line}"


def _changes(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in changes[:_MOST_CHANGES]:
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
    if (more := len(changes) - _MOST_CHANGES) > 0:
        yield f"… and {more} more, which --json tells"


def _shift(
    way: str, shift: Mapping[str, int], verbs: Mapping[str, str]
) -> Iterator[str]:
    least, most = shift["least_days"], shift["most_days"]
    if shift["permits"]:
        days = f"{least}" if least == most else f"{least} to {most}"
        yield f"  closings {verbs['come']} {way}: {shift['permits']}, by {days} days"


def _count(found: int | Mapping[str, int]) -> str:
    if isinstance(found, int):
        return str(found)
    return ", ".join(f"{step} {count}" for step, count in found.items())


def _weeks(weeks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{'reminders due, week of':24}{'before':>9}{'after':>9}"
    for week in weeks:
        yield f"  {week['monday']!s:22}{week['before']:>9}{week['after']:>9}"
