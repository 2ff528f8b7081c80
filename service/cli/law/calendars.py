"""The office's own days over the published ones."""

from pathlib import Path

import click

from service.adapters.calendars.files import read_years
from service.app import House
from service.cli.installation import in_house, whoami
from service.cli.option_types import DRY_RUN, FILE, FORCE
from service.cli.output.law_change import show as show_impact
from service.domain.law_change.edits import Years
from service.domain.lawbook.year_view import Almanac, AlmanacDay, almanac
from service.flow.law_change.change import change, preview


@click.group()
def calendars() -> None:
    """Days off, and weekend days that are worked."""


@calendars.command()
@click.argument("file", type=FILE)
@click.option("--calendar", help="Whose days an .ics file has, unless it says so.")
@click.option("--published", is_flag=True, help="An .ics file is the whole notice.")
@FORCE
@DRY_RUN
@in_house
async def load(
    house: House,
    file: Path,
    calendar: str | None,
    force: str | None,
    *,
    published: bool,
    dry_run: bool,
) -> int:
    """Install the days of FILE (.toml or .ics), and date permits by them.

    Days that contradict published ones are refused unless forced.
    """
    known = (await house.office.law()).published
    years = Years(
        read_years(file, calendars=known, calendar=calendar, published=published)
    )
    if dry_run:
        seen = await preview(years, house.office, house.clock)
        return show_impact(seen, applied=False)
    done = await change(years, house.office, house.clock, by=whoami(), force=force)
    return show_impact(done, applied=True)


@calendars.command()
@click.argument("code")
@click.argument("year", type=click.IntRange(2000, 2100))
@in_house
async def show(house: House, code: str, year: int) -> None:
    """The days of a YEAR of calendar CODE that are not as the week has them."""
    found = almanac(await house.office.law(), code, year)
    click.echo(f"{code} {year}, {_state(found)}")
    for day in found.days:
        click.echo(_line(day))
    if found.own:
        click.echo(f"the office's own: {found.own.source}")


def _state(found: Almanac) -> str:
    if found.published:
        return "published"
    return f"provisional: days are known until {found.covered_until}"


def _line(it: AlmanacDay) -> str:
    own = "own" if it.own else ""
    return f"{it.day} {it.day:%a}  {it.kind:11}  {own:3}  {it.name}".rstrip()
