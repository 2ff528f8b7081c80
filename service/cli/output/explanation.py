"""Print an explanation of dates, as text or as JSON."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
import orjson

from service.domain.errors import NeverRemindsError
from service.domain.law.rule import Rule
from service.domain.permits.permit import NO_EXPIRY
from service.flow.reports.explain import never_field


def print_explanation(explanation: Mapping[str, Any], *, as_json: bool) -> None:
    """Print an explanation, with the steps and history of its permit if it has one."""
    if as_json:
        _print_json(explanation)
        return
    for key in ("rule", "version", "authority", "expires_on", "opens_on"):
        if key in explanation:
            _line(key, explanation[key] or "-")
    if explanation["expires_on"]:
        _print_dates(explanation)
    for line in explanation["trace"]:
        click.echo(f"  {line}")
    if permit := explanation.get("permit"):
        _print_permit(permit)
        _print_steps(explanation.get("steps", ()))
        _print_history(explanation["history"], ZoneInfo(explanation["zone"]))
    if shadow := explanation.get("shadow"):
        click.echo(_shadow_line(explanation, shadow))


def _print_permit(permit: Mapping[str, Any]) -> None:
    reason = f" ({why})" if (why := permit["status_reason"]) else ""
    status = f"{permit['status']}{reason}"
    click.echo(f"permit {permit['number']}, {permit['holder']}, {status}")
    if district := permit["district"]:
        click.echo(f"  district {district}")
    for contact in permit["contacts"]:
        if contact["role"]:
            click.echo(f"  {_contact_line(contact)}")
    for renewal in permit["renewals"]:
        click.echo(f"  {_renewal_line(renewal)}")


def _print_dates(explanation: Mapping[str, Any]) -> None:
    _line(
        "closes_on",
        f"{explanation['closes_on']} (lenient {explanation['closes_on_lenient']})",
    )
    if explanation["provisional"]:
        _line("", "provisional: a year's holidays are not published yet")
    for slot in explanation["slots"]:
        _line(f"step {slot['step']}", f"{slot['due_at']:%Y-%m-%d %H:%M} UTC")


def print_never_reminds(rule: Rule, error: NeverRemindsError, *, as_json: bool) -> None:
    """Print why a rule never reminds."""
    if as_json:
        _print_json({"rule": rule.code, **never_field(rule)})
    else:
        click.echo(str(error))


def _print_steps(steps: Sequence[Mapping[str, Any]]) -> None:
    for one in steps:
        click.echo(f"  step {one['step']}: {one['outcome']}")


def _print_history(history: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> None:
    for one in history:
        click.echo(f"  reminder {one['step']}, expiry {one['expires_on']}, {zone.key}:")
        for move in one["moves"]:
            click.echo(f"    {_local_time(move['at'], zone)}  {move['what']}")


def _contact_line(contact: Mapping[str, Any]) -> str:
    """A phone, whose it is, and whether it is texted."""
    texted = ", which is texted" if contact["is_texted"] else ""
    line = f"{contact['phone']} ({contact['line']})"
    return f"phone of the {contact['role']}: {line}{texted}"


def _renewal_line(renewal: Mapping[str, Any]) -> str:
    """When a term was renewed or its renewal filed, and after which reminder."""
    said = [f"the term to {renewal['expires_on']}:"]
    if renewal["filed_on"]:
        said.append(f"renewal filed on {renewal['filed_on']},")
    if renewal["renewed_on"]:
        until = renewal["renewed_until"] or NO_EXPIRY
        by = f" by {renewal['renewed_by']}" if renewal["renewed_by"] else ""
        said.append(f"renewed{by} on {renewal['renewed_on']} to {until},")
    days, step = renewal["days"], renewal["step"]
    after = f"{days} days after reminder {step}" if step else "no reminder before"
    return " ".join([*said, after])


def _shadow_line(explanation: Mapping[str, Any], shadow: Mapping[str, Any]) -> str:
    """How the dates of the shadow version differ from the active ones."""
    names = ("opens_on", "closes_on", "closes_on_lenient")
    zone = ZoneInfo(explanation["zone"])
    changes = [
        f"{name} {shadow[name] or '-'}, not {explanation[name] or '-'}"
        for name in names
        if shadow[name] != explanation[name]
    ]
    known = {slot["step"]: slot["due_at"] for slot in explanation["slots"]}
    changes += [
        f"{slot['step']} {_local_time(slot['due_at'], zone)}"
        for slot in shadow["slots"]
        if known.get(slot["step"]) != slot["due_at"]
    ]
    gone = known.keys() - {slot["step"] for slot in shadow["slots"]}
    changes += [f"no {step}" for step in sorted(gone)]
    would = "; ".join(changes) or "the same"
    return f"shadow {shadow['version']}, which sends nothing, would give: {would}"


def _local_time(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _line(name: str, value: object) -> None:
    click.echo(f"{name:18} {value}")


def _print_json(answer: Mapping[str, Any]) -> None:
    click.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2))
