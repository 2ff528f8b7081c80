"""Authorities: their tree, their settings, and from when on they are reminded."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_authorities
from service.app import House
from service.cli.installation import in_house, whoami
from service.cli.option_types import DRY_RUN, FILE, FORCE, Moment
from service.cli.output.go_live_preview import show as show_foretold
from service.cli.output.law_change import show as show_impact
from service.cli.output.office_status import show as show_standing
from service.domain.law.authority import Authority
from service.domain.law_change.edits import Offices
from service.domain.lawbook.law import Law
from service.flow.law_change.change import change, preview
from service.flow.office.go_live import add_staff, go_live, remove_staff, start_trial
from service.flow.office.preview_go_live import foretell
from service.flow.office.status import stand

_CODE: Final = click.argument("code")
_CATCH_UP: Final = click.option(
    "--catch-up",
    type=click.IntRange(0, 60),
    default=0,
    metavar="DAYS",
    help="Text what is current already, spread over so many sending days.",
)
_RULES: Final = click.argument("codes", nargs=-1, metavar="RULE...", required=False)


@click.group()
def authorities() -> None:
    """The offices that send, and what they remind of."""


@authorities.command()
@click.argument("file", type=FILE)
@FORCE
@DRY_RUN
@in_house
async def load(house: House, file: Path, force: str | None, *, dry_run: bool) -> int:
    """Install the authorities of FILE, or replace what was known of them.

    Permits already registered are dated by the new settings.
    """
    known = (await house.office.law()).authorities
    found = read_authorities(file, calendars=calendars(), known=known)
    edit = Offices(list(found.values()))
    if dry_run:
        return show_impact(
            await preview(edit, house.office, house.clock), applied=False
        )
    done = await change(edit, house.office, house.clock, by=whoami(), force=force)
    show_impact(done, applied=True)
    click.echo(f"{len(found)} authorities loaded")
    return 0


@authorities.command("list")
@in_house
async def list_tree(house: House) -> None:
    """The installed authorities, each under the one above it."""
    law = await house.office.law()
    for depth, one in _tree(law):
        sends = "" if one.sends else f"  sent by {law.sender_of(one.code).code}"
        name = f"{one.name.zh}  {one.name.en}  {one.zone.key}"
        click.echo(f"{'  ' * depth}{one.code}  {name}{sends}")


def _tree(
    law: Law, above: str | None = None, depth: int = 0
) -> Iterator[tuple[int, Authority]]:
    for code, one in sorted(law.authorities.items()):
        if one.parent == above:
            yield depth, one
            yield from _tree(law, code, depth + 1)


@authorities.command()
@_CODE
@in_house
async def show(house: House, code: str) -> None:
    """The settings of authority CODE, and how each permit type stands there."""
    show_standing(await stand(code, house.going_live))


@authorities.command()
@_CODE
@_RULES
@in_house
async def trial(house: House, code: str, codes: tuple[str, ...]) -> None:
    """Try every RULE named for authority CODE: only its staff is texted."""
    chosen = _chosen(codes, await house.office.law())
    phones = await start_trial(code, chosen, house.going_live, by=whoami())
    click.echo(f"{code}: {len(chosen)} rules on trial, {phones} staff numbers")
    if not phones:
        click.echo(f"nobody is texted yet: permit-reminders authorities staff {code}")


@authorities.command()
@_CODE
@click.argument("phone")
@click.option("--name", help="Whose phone it is; needed to add one.")
@click.option("--remove", is_flag=True, help="Text it in trials no more.")
@in_house
async def staff(
    house: House, code: str, phone: str, name: str | None, *, remove: bool
) -> None:
    """Let the trials of authority CODE, and of those below it, text PHONE."""
    if remove == bool(name):
        raise click.UsageError("give --name, or --remove")
    if remove:
        gone = await remove_staff(code, phone, house.going_live, by=whoami())
        click.echo(f"{code}: {gone.masked} is no staff number any more")
    else:
        new = await add_staff(code, phone, name or "", house.going_live, by=whoami())
        click.echo(f"{code}: {new.masked} is a staff number")


@authorities.command("preview")
@_CODE
@_RULES
@_CATCH_UP
@in_house
async def look_ahead(
    house: House, code: str, codes: tuple[str, ...], catch_up: int
) -> None:
    """Say what going live now would do; nothing is written, nobody is texted."""
    chosen = _chosen(codes, await house.office.law())
    show_foretold(await foretell(code, chosen, catch_up, house.foretelling()), catch_up)


@authorities.command()
@_CODE
@_RULES
@click.option("--approved-by", required=True, metavar="NAME", help="Who decided it.")
@click.option("--from", "live_from", type=Moment(), help="From when; default: now.")
@_CATCH_UP
@in_house
async def live(
    house: House,
    code: str,
    codes: tuple[str, ...],
    approved_by: str,
    live_from: datetime | None,
    catch_up: int,
) -> None:
    """Go live: remind for authority CODE of every RULE named, from an instant on.

    Steps that were due before are never texted, unless --catch-up says so.
    """
    chosen = _chosen(codes, await house.office.law())
    caught = await go_live(
        code,
        chosen,
        house.going_live,
        live_from=live_from,
        approved_by=approved_by,
        catch_up_days=catch_up,
        by=whoami(),
    )
    start = live_from or house.clock.now()
    click.echo(f"{code}: {len(chosen)} rules live from {start.isoformat()}")
    if catch_up:
        click.echo(f"{caught} reminders caught up with, over {catch_up} sending days")


def _chosen(codes: tuple[str, ...], law: Law) -> list[str]:
    if not codes:
        raise click.UsageError(f"name the rules: {' '.join(law.rules)}")
    return list(dict.fromkeys(codes))
