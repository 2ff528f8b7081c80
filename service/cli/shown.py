"""Explanations as people and machines read them."""

from collections.abc import Mapping
from typing import Any

import click
import orjson


def show(told: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the public `explain` answer, with a permit's history where it has one."""
    if as_json:
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        return
    for key in ("rule", "version", "authority", "expires_on", "opens_on"):
        _line(key, told[key] or "-")
    _line("closes_on", f"{told['closes_on']} (lenient {told['closes_on_lenient']})")
    if told["provisional"]:
        _line("", "provisional: a year's holidays are not published yet")
    for slot in told["slots"]:
        _line(f"step {slot['step']}", f"{slot['due_at']:%Y-%m-%d %H:%M} UTC")
    for line in told["trace"]:
        click.echo(f"  {line}")
    if permit := told.get("permit"):
        _show_history(permit)


def _show_history(permit: Mapping[str, Any]) -> None:
    click.echo(f"permit {permit['number']}, {permit['holder']}, {permit['status']}")
    if not permit["reminders"]:
        click.echo("  nothing was due yet since it was registered")
    for one in permit["reminders"]:
        when = one["sent_at"] or one["next_at"]
        moment = f" {when:%Y-%m-%d %H:%M} UTC" if when else ""
        why = f": {one['reason']}" if one["reason"] else ""
        click.echo(f"  {one['step']} {one['expires_on']} {one['state']}{why}{moment}")


def _line(name: str, value: object) -> None:
    click.echo(f"{name:18} {value}")
