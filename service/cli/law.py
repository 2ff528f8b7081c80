"""Rules and authorities: checking, loading, listing, going live."""

from datetime import datetime
from pathlib import Path

import click

from service.adapters.calendars import calendars
from service.adapters.rulefiles import read_authorities, read_rules
from service.adapters.words import Words
from service.app import House
from service.cli.opened import in_house, whoami
from service.cli.types import FILE, Moment
from service.domain.errors import ConflictError
from service.domain.rule import Rule
from service.settings import shipped

_FOLDER = click.argument("folder", type=click.Path(path_type=Path), required=False)


@click.group()
def rules() -> None:
    """The law of each permit type."""


@rules.command()
@_FOLDER
def check(folder: Path | None) -> None:
    """Check every rule file of FOLDER (default: the shipped ones)."""
    templates = Words(shipped("templates")).names()
    found = read_rules(
        folder or shipped("schedules"), templates=templates, calendars=calendars()
    )
    click.echo(f"{len(found)} rule files, no mistakes")


@rules.command("list")
@in_house
async def list_rules(house: House) -> None:
    """The installed rules and their versions."""
    law = await house.office.law()
    for rule in law.rules.values():
        click.echo(f"{rule.code}  {rule.name.zh}  {rule.name.en}")
        for version in rule.versions:
            reference = version.reference
            click.echo(
                f"  {version.key}  closes {version.closes}  《{reference.title}》"
                f"{reference.article}, {reference.confidence} {reference.checked_on}"
            )


@rules.command()
@_FOLDER
@in_house
async def load(house: House, folder: Path | None) -> None:
    """Install the versions of FOLDER (default: the shipped ones) that are new."""
    found = read_rules(
        folder or shipped("schedules"),
        templates=house.words.names(),
        calendars=calendars(),
    )
    new = await house.office.install_rules(list(found.values()), house.clock.now())
    for key in new:
        click.echo(f"installed {key}")
    click.echo(f"{len(found)} rule files, {len(new)} new versions")


@click.group()
def authorities() -> None:
    """The offices that send."""


@authorities.command("load")
@click.argument("file", type=FILE)
@in_house
async def load_authorities(house: House, file: Path) -> None:
    """Install the authorities of FILE, or replace what was known of them."""
    found = read_authorities(file, calendars=calendars())
    await house.office.install_authorities(list(found.values()))
    click.echo(f"{len(found)} authorities loaded")


@authorities.command("list")
@in_house
async def list_authorities(house: House) -> None:
    """The installed authorities."""
    law = await house.office.law()
    for one in law.authorities.values():
        click.echo(f"{one.code}  {one.name.zh}  {one.name.en}  {one.zone.key}")


@authorities.command()
@click.argument("code")
@click.argument("rule_codes", nargs=-1, metavar="RULE...")
@click.option("--from", "live_from", type=Moment(), help="From when; default: now.")
@in_house
async def live(
    house: House, code: str, rule_codes: tuple[str, ...], live_from: datetime | None
) -> None:
    """Go live: remind for authority CODE of every RULE named, from an instant on.

    Steps that were due before are never texted.
    """
    law = await house.office.law()
    office = law.authority(code)
    chosen = [law.rule(one).code for one in dict.fromkeys(rule_codes)]
    if not chosen:
        raise click.UsageError(f"name the rules: {' '.join(law.rules)}")
    for one in chosen:
        _refuse_unverified(law.rule(one))
    start = live_from or house.clock.now()
    await house.brakes.go_live(office.code, chosen, start, whoami(), house.clock.now())
    click.echo(f"{office.code}: {len(chosen)} rules live from {start.isoformat()}")


def _refuse_unverified(rule: Rule) -> None:
    for version in rule.versions:
        if version.reference.confidence == "unverified":
            raise ConflictError(
                f"{version.key}: nobody has read its source yet; check it, and say so "
                "in its reference, before anybody is texted by it"
            )
