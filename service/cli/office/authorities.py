"""Authorities: load, show and try them, and go live."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_authorities
from service.app import Installation
from service.cli.installation import whoami, with_installation
from service.cli.law.change import preview_or_apply
from service.cli.option_types import CODE, DRY_RUN, FILE, FORCE, NAME, NUMBER, Instant
from service.cli.output.go_live_preview import print_go_live_preview
from service.cli.output.office_status import print_office_status
from service.domain.law.authority import Authority
from service.domain.law_change.edits import AuthoritiesEdit
from service.domain.lawbook.law import Law
from service.domain.nearest import show_known
from service.domain.templates.office_texts import find_long_office_texts
from service.flow.office.go_live import (
    add_staff,
    go_live,
    remove_staff,
    start_trial,
    take_back,
)
from service.flow.office.preview_go_live import preview_go_live
from service.flow.office.status import get_office_status

_CODE: Final = click.argument("code", type=CODE)
_CATCH_UP: Final = click.option(
    "--catch-up",
    type=click.IntRange(0, 60),
    default=0,
    metavar="DAYS",
    help="Also text the steps that are current already, spread over so many days.",
)
_FROM: Final = click.option(
    "--from",
    "live_from",
    type=Instant(),
    help="The start: today, or up to a year ahead. Default: now.",
)
_RULES: Final = click.argument("codes", type=CODE, nargs=-1, metavar="RULE...")


@click.group()
def authorities() -> None:
    """The authorities that issue permits, and the offices that send for them."""


@authorities.command()
@click.argument("file", type=FILE)
@FORCE
@DRY_RUN
@with_installation
async def load(
    installation: Installation, file: Path, force: str | None, *, dry_run: bool
) -> int:
    """Install the authorities of FILE, and date permits by them."""
    law = await installation.law_store.current_law()
    found = read_authorities(file, calendars=calendars(), known=law.authorities)
    edit = AuthoritiesEdit(list(found.values()))
    render = (await installation.templates.current(law.digest)).render_sms
    long = [*find_long_office_texts(edit.authorities, law, render)]
    code = await preview_or_apply(
        installation, edit, force, dry_run=dry_run, objections=long
    )
    if not dry_run:
        click.echo(f"{len(found)} authorities loaded")
    return code


@authorities.command("list")
@with_installation
async def list_tree(installation: Installation) -> None:
    """List the installed authorities as a tree."""
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
    """Show the settings of authority CODE and its rules."""
    print_office_status(await get_office_status(code, installation.go_live_deps))


@authorities.command()
@_CODE
@_RULES
@with_installation
async def trial(installation: Installation, code: str, codes: tuple[str, ...]) -> None:
    """Start a trial: only the staff of authority CODE get texts."""
    chosen = _chosen_rules(codes, await installation.law_store.current_law())
    phones = await start_trial(code, chosen, installation.go_live_deps, by=whoami())
    click.echo(f"{code}: {len(chosen)} rules on trial, {phones} staff numbers")
    if not phones:
        click.echo(f"nobody is texted yet: permit-reminders authorities staff {code}")


@authorities.command()
@_CODE
@click.argument("phone", type=NUMBER)
@click.option("--name", type=NAME, help="The owner of the phone; required to add it.")
@click.option("--remove", is_flag=True, help="Remove the phone from the trials.")
@with_installation
async def staff(
    installation: Installation, code: str, phone: str, name: str | None, *, remove: bool
) -> None:
    """Let trials of authority CODE and of those below text PHONE."""
    if remove == bool(name):
        raise click.UsageError("give --name, or --remove")
    if remove:
        removed = await remove_staff(
            code, phone, installation.go_live_deps, by=whoami()
        )
        click.echo(f"{code}: {removed.masked} is no staff number any more")
    else:
        added = await add_staff(
            code, phone, name or "", installation.go_live_deps, by=whoami()
        )
        click.echo(f"{code}: {added.masked} is a staff number")


@authorities.command("preview")
@_CODE
@_RULES
@_FROM
@_CATCH_UP
@with_installation
async def look_ahead(
    installation: Installation,
    code: str,
    codes: tuple[str, ...],
    live_from: datetime | None,
    catch_up: int,
) -> int:
    """Show what going live would do; nothing is written or sent.

    Exits 1 if any RULE cannot go live.
    """
    chosen = _chosen_rules(codes, await installation.law_store.current_law())
    refusals = await _print_preview(installation, code, chosen, live_from, catch_up)
    return 1 if refusals else 0


async def _print_preview(
    installation: Installation,
    code: str,
    chosen: Sequence[str],
    live_from: datetime | None,
    catch_up: int,
) -> Sequence[str]:
    """Print the preview; the reasons why types cannot go live."""
    deps = installation.go_live_preview_deps
    preview = await preview_go_live(code, chosen, catch_up, deps, live_from=live_from)
    print_go_live_preview(preview, catch_up)
    return preview.refusals


@authorities.command()
@_CODE
@_RULES
@click.option("--approved-by", type=NAME, required=True, help="Who decided to go live.")
@_FROM
@_CATCH_UP
@click.option("--yes", is_flag=True, help="Do not ask, with --from: you saw a preview.")
@with_installation
async def live(
    installation: Installation,
    code: str,
    codes: tuple[str, ...],
    approved_by: str,
    live_from: datetime | None,
    catch_up: int,
    *,
    yes: bool,
) -> int:
    """Go live: send the reminders of every RULE for authority CODE.

    Steps that fell due before the start are not texted, unless you --catch-up. With
    --from you see a preview and are asked.
    """
    chosen = _chosen_rules(codes, await installation.law_store.current_law())
    if live_from and not yes:
        await _print_preview(installation, code, chosen, live_from, catch_up)
        if not _is_confirmed():
            return 1
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
    return 0


@authorities.command("take-back")
@_CODE
@_RULES
@with_installation
async def take_back_start(
    installation: Installation, code: str, codes: tuple[str, ...]
) -> None:
    """Take back a start that lies ahead.

    Every RULE is a draft again.
    """
    chosen = _chosen_rules(codes, await installation.law_store.current_law())
    await take_back(code, chosen, installation.go_live_deps, by=whoami())
    click.echo(f"{code}: the start of {len(chosen)} rules is taken back")


def _is_confirmed() -> bool:
    try:
        return click.confirm("go live?", err=True)
    except click.Abort:
        raise click.UsageError("nobody answers; give --yes to go live so") from None


def _chosen_rules(codes: tuple[str, ...], law: Law) -> list[str]:
    if not codes:
        known = show_known("", [*law.rules])
        raise click.UsageError(f"name the rules: {known}, as `rules list` shows them")
    return list(dict.fromkeys(codes))
