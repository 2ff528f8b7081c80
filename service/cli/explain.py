"""Why a permit is texted when it is."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any

import click
import orjson

from service.app import House, shipped_law
from service.cli.opened import in_house
from service.cli.types import Day
from service.domain.errors import UnknownError
from service.domain.lawbook import Law
from service.flow.explain import explain as explain_date
from service.flow.ports import ShownPermit
from service.flow.register import NUMBER
from service.settings import load


@click.command()
@click.option("--rule", help="A rule's code, with --expires.")
@click.option("--expires", type=Day(), help="The expiry date on the permit.")
@click.option("--permit", help="A permit's number, instead of --rule and --expires.")
@click.option("--authority", help="Default: the one in the settings.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def explain(
    rule: str | None,
    expires: date | None,
    permit: str | None,
    authority: str | None,
    *,
    as_json: bool,
) -> None:
    """Explain the dates of an expiry date, or the whole history of a permit."""
    if permit and not (rule or expires):
        _permit(permit, as_json=as_json)
    elif rule and expires and not permit:
        settings = load()
        law = asyncio.run(shipped_law(settings))
        office = _office(law, authority or settings.authority)
        _show(explain_date(law, rule, office, expires), as_json=as_json)
    else:
        raise click.UsageError("give --rule and --expires, or --permit")


def _office(law: Law, code: str | None) -> str:
    """The authority that is meant; the first example where nothing is installed."""
    if code is None and len(law.authorities) > 1:
        return next(iter(law.authorities))
    return law.default_authority(code).code


@in_house
async def _permit(house: House, number: str, *, as_json: bool) -> None:
    keys = [number, house.vault.digest(number, NUMBER).hex()]
    found = await house.permits.by_number(keys)
    if not found:
        raise UnknownError("permit number", number)
    law = await house.office.law()
    for permit in found:
        version = law.version(permit.version)
        told = explain_date(
            law, permit.rule, permit.authority, permit.expires_on, version
        )
        _show(dict(told) | {"permit": _told(permit)}, as_json=as_json)


def _told(permit: ShownPermit) -> dict[str, Any]:
    return {
        "number": permit.number,
        "holder": permit.holder,
        "status": permit.status,
        "renewal_filed_on": permit.renewal_filed_on,
        "phones": permit.phones,
        "reminders": [
            {
                "step": one.step,
                "expires_on": one.expires_on,
                "state": one.state,
                "reason": one.reason or one.hold_reason,
                "next_at": one.next_at,
                "sent_at": one.sent_at,
            }
            for one in permit.reminders
        ],
    }


def _show(told: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        return
    for key in ("rule", "version", "authority", "expires_on", "opens_on"):
        click.echo(f"{key:18} {told[key] or '-'}")
    sure = "provisional: a year's holidays are not published yet"
    click.echo(
        f"{'closes_on':18} {told['closes_on']} (lenient {told['closes_on_lenient']})"
    )
    if told["provisional"]:
        click.echo(f"{'':18} {sure}")
    for slot in told["slots"]:
        click.echo(f"step {slot['step']:13} {slot['due_at']:%Y-%m-%d %H:%M} UTC")
    for line in told["trace"]:
        click.echo(f"  {line}")
    if permit := told.get("permit"):
        _show_permit(permit)


def _show_permit(permit: Mapping[str, Any]) -> None:
    click.echo(f"permit {permit['number']}, {permit['holder']}, {permit['status']}")
    if not permit["reminders"]:
        click.echo("  nothing was due yet since it was registered")
    for one in permit["reminders"]:
        when = one["sent_at"] or one["next_at"]
        moment = f" {when:%Y-%m-%d %H:%M} UTC" if when else ""
        why = f": {one['reason']}" if one["reason"] else ""
        click.echo(f"  {one['step']} {one['expires_on']} {one['state']}{why}{moment}")
