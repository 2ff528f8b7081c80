"""The office's own days over the published ones."""

from pathlib import Path

import click

from service.adapters.calendars.files import read_years
from service.app import Installation
from service.cli.installation import whoami, with_installation
from service.cli.option_types import DRY_RUN, FILE, FORCE
from service.cli.output.law_change import print_law_change as show_impact
from service.domain.law_change.edits import CalendarYearsEdit
from service.domain.lawbook.year_view import SpecialDay, YearView, view_year
from service.flow.law_change.change import apply_change, preview_change


@click.group()
def calendars() -> None:
    """Days off, and weekend days that are worked."""


@calendars.command()
@click.argument("file", type=FILE)
@click.option("--calendar", help="Whose days an .ics file has, unless it says so.")
@click.option("--published", is_flag=True, help="An .ics file is the whole notice.")
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
    """Install the days of FILE (.toml or .ics), and date permits by them.

    Days that contradict published ones are refused unless forced.
    """
    known = (await installation.law_store.current_law()).published_calendars
    years = CalendarYearsEdit(
        read_years(file, calendars=known, calendar=calendar, published=published)
    )
    if dry_run:
        seen = await preview_change(
            years, installation.change_store, installation.clock
        )
        return show_impact(seen, applied=False)
    done = await apply_change(
        years,
        installation.change_store,
        installation.clock,
        by=whoami(),
        force_reason=force,
    )
    return show_impact(done, applied=True)


@calendars.command()
@click.argument("code")
@click.argument("year", type=click.IntRange(2000, 2100))
@with_installation
async def show(installation: Installation, code: str, year: int) -> None:
    """The days of a YEAR of calendar CODE that are not as the week has them."""
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
