"""Authorities: their tree, their settings, and from when on they are reminded."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_authorities
from service.app import Installation
from service.cli.installation import whoami, with_installation
from service.cli.option_types import DRY_RUN, FILE, FORCE, Instant
from service.cli.output.go_live_preview import print_go_live_preview as show_foretold
from service.cli.output.law_change import print_law_change as show_impact
from service.cli.output.office_status import print_office_status as show_standing
from service.domain.law.authority import Authority
from service.domain.law_change.edits import AuthoritiesEdit
from service.domain.lawbook.law import Law
from service.flow.law_change.change import apply_change, preview_change
from service.flow.office.go_live import add_staff, go_live, remove_staff, start_trial
from service.flow.office.preview_go_live import preview_go_live
from service.flow.office.status import get_office_status

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
@with_installation
async def load(
    installation: Installation, file: Path, force: str | None, *, dry_run: bool
) -> int:
    """Install the authorities of FILE, or replace what was known of them.

    Permits already registered are dated by the new settings.
    """
    known = (await installation.law_store.current_law()).authorities
    found = read_authorities(file, calendars=calendars(), known=known)
    edit = AuthoritiesEdit(list(found.values()))
    if dry_run:
        return show_impact(
            await preview_change(edit, installation.change_store, installation.clock),
            applied=False,
        )
    done = await apply_change(
        edit,
        installation.change_store,
        installation.clock,
        by=whoami(),
        force_reason=force,
    )
    show_impact(done, applied=True)
    click.echo(f"{len(found)} authorities loaded")
    return 0


@authorities.command("list")
@with_installation
async def list_tree(installation: Installation) -> None:
    """The installed authorities, each under the one above it."""
    law = await installation.law_store.current_law()
    for depth, one in _tree(law):
        sends = "" if one.sends else f"  sent by {law.sending_office(one.code).code}"
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
@with_installation
async def show(installation: Installation, code: str) -> None:
    """The settings of authority CODE, and how each permit type stands there."""
    show_standing(await get_office_status(code, installation.go_live_deps))


@authorities.command()
@_CODE
@_RULES
@with_installation
async def trial(installation: Installation, code: str, codes: tuple[str, ...]) -> None:
    """Try every RULE named for authority CODE: only its staff is texted."""
    chosen = _chosen_rules(codes, await installation.law_store.current_law())
    phones = await start_trial(code, chosen, installation.go_live_deps, by=whoami())
    click.echo(f"{code}: {len(chosen)} rules on trial, {phones} staff numbers")
    if not phones:
        click.echo(f"nobody is texted yet: permit-reminders authorities staff {code}")


@authorities.command()
@_CODE
@click.argument("phone")
@click.option("--name", help="Whose phone it is; needed to add one.")
@click.option("--remove", is_flag=True, help="Text it in trials no more.")
@with_installation
async def staff(
    installation: Installation, code: str, phone: str, name: str | None, *, remove: bool
) -> None:
    """Let the trials of authority CODE, and of those below it, text PHONE."""
    if remove == bool(name):
        raise click.UsageError("give --name, or --remove")
    if remove:
        gone = await remove_staff(code, phone, installation.go_live_deps, by=whoami())
        click.echo(f"{code}: {gone.masked} is no staff number any more")
    else:
        new = await add_staff(
            code, phone, name or "", installation.go_live_deps, by=whoami()
        )
        click.echo(f"{code}: {new.masked} is a staff number")


@authorities.command("preview")
@_CODE
@_RULES
@_CATCH_UP
@with_installation
async def look_ahead(
    installation: Installation, code: str, codes: tuple[str, ...], catch_up: int
) -> None:
    """Say what going live now would do; nothing is written, nobody is texted."""
    chosen = _chosen_rules(codes, await installation.law_store.current_law())
    show_foretold(
        await preview_go_live(
            code, chosen, catch_up, installation.go_live_preview_deps()
        ),
        catch_up,
    )


@authorities.command()
@_CODE
@_RULES
@click.option("--approved-by", required=True, metavar="NAME", help="Who decided it.")
@click.option("--from", "live_from", type=Instant(), help="From when; default: now.")
@_CATCH_UP
@with_installation
async def live(
    installation: Installation,
    code: str,
    codes: tuple[str, ...],
    approved_by: str,
    live_from: datetime | None,
    catch_up: int,
) -> None:
    """Go live: remind for authority CODE of every RULE named, from an instant on.

    Steps that were due before are never texted, unless --catch-up says so.
    """
    chosen = _chosen_rules(codes, await installation.law_store.current_law())
    caught = await go_live(
        code,
        chosen,
        installation.go_live_deps,
        live_from=live_from,
        approved_by=approved_by,
        catch_up_days=catch_up,
        by=whoami(),
    )
    start = live_from or installation.clock.now()
    click.echo(f"{code}: {len(chosen)} rules live from {start.isoformat()}")
    if catch_up:
        click.echo(f"{caught} reminders caught up with, over {catch_up} sending days")


def _chosen_rules(codes: tuple[str, ...], law: Law) -> list[str]:
    if not codes:
        raise click.UsageError(f"name the rules: {' '.join(law.rules)}")
    return list(dict.fromkeys(codes))
