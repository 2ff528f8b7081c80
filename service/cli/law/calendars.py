"""The office's own holidays, added to the published ones."""

from pathlib import Path

import click

from service.adapters.calendars.files import read_years
from service.app import Installation
from service.cli.installation import with_installation
from service.cli.law.change import preview_or_apply
from service.cli.option_types import CODE, DRY_RUN, FILE, FORCE
from service.domain.law_change.edits import CalendarYearsEdit
from service.domain.lawbook.year_view import SpecialDay, YearView, view_year


@click.group()
def calendars() -> None:
    """Days off, and weekend days that are worked (调休)."""


@calendars.command()
@click.argument("file", type=FILE)
@click.option(
    "--calendar",
    type=CODE,
    metavar="CODE",
    help="The calendar of an .ics file that names none.",
)
@click.option(
    "--published",
    is_flag=True,
    help="The .ics file has every day of the year's notice.",
)
@FORCE
@DRY_RUN
@with_installation
async def load(
    installation: Installation,
    file: Path,
    calendar: str | None,
    force: str | None,
    *,
    published: bool,
    dry_run: bool,
) -> int:
    """Install the days of FILE (.toml or .ics), and compute dates again.

    Days that contradict published days, or take back a published year, are refused
    unless you --force them.
    """
    known = (await installation.law_store.current_law()).published_calendars
    years = CalendarYearsEdit(
        read_years(file, calendars=known, calendar=calendar, published=published)
    )
    return await preview_or_apply(installation, years, force, dry_run=dry_run)


@calendars.command()
@click.argument("code", type=CODE)
@click.argument("year", type=click.IntRange(2000, 2100))
@with_installation
async def show(installation: Installation, code: str, year: int) -> None:
    """Show the days off and worked weekends of a YEAR."""
    found = view_year(await installation.law_store.current_law(), code, year)
    click.echo(f"{code} {year}, {_publication(found)}")
    for day in found.days:
        click.echo(_day_line(day))
    if found.office_year:
        click.echo(f"the office's own: {found.office_year.source}")


def _publication(found: YearView) -> str:
    if found.published:
        return "published"
    return f"provisional: days are known until {found.covered_until}"


def _day_line(day: SpecialDay) -> str:
    own = "own" if day.own else ""
    return f"{day.day} {day.day:%a}  {day.kind:11}  {own:3}  {day.name}".rstrip()
