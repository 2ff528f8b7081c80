"""The weekly report, or a report of any days."""

from datetime import date, datetime

import click

from service.app import Installation
from service.cli.default_authority import installed_authority
from service.cli.installation import with_installation
from service.cli.option_types import AUTHORITY_TREE, WEEK, Day, Instant
from service.domain.law.authority import Authority
from service.domain.reports.period import (
    ReportPeriod,
    parse_iso_week,
    period_between,
    week_of,
)
from service.flow.reports.weekly import make_report


@click.command()
@click.option(
    "--week",
    type=WEEK,
    metavar="WEEK",
    help="An ISO week such as 2024-W05. Default: this week.",
)
@click.option("--from", "from_on", type=Day(), help="The first day, instead of --week.")
@click.option("--to", "to_on", type=Day(), help="The last day, included.")
@click.option(
    "--as-of",
    type=Instant(),
    help="Count what was known then. Default: the period's end, or now before it.",
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "csv"]), default="text"
)
@AUTHORITY_TREE
@with_installation
async def report(
    installation: Installation,
    week: str | None,
    from_on: date | None,
    to_on: date | None,
    as_of: datetime | None,
    form: str,
    authority: str | None,
) -> None:
    """Print the weekly report: sent, delivered and failed by permit type.

    Give --from and --to for a report on other days.
    """
    _refuse_two_periods(week, from_on, to_on)
    _, office = await installed_authority(installation, authority)
    period = _period(week, from_on, to_on, office, installation.clock.now())
    made = await make_report(
        period,
        office,
        installation.law_store,
        installation.count_store,
        installation.clock,
        as_of=as_of,
    )
    formatter = installation.report_formatter
    if form == "json":
        click.echo(formatter.as_json(made))
    elif form == "csv":
        click.echo(formatter.as_csv(made), nl=False)
    else:
        click.echo(formatter.as_text(made), nl=False)


def _refuse_two_periods(
    week: str | None, from_on: date | None, to_on: date | None
) -> None:
    if week and (from_on or to_on):
        raise click.UsageError("give --week, or --from and --to")
    if bool(from_on) != bool(to_on):
        raise click.UsageError("give both --from and --to")


def _period(
    week: str | None,
    from_on: date | None,
    to_on: date | None,
    office: Authority,
    now: datetime,
) -> ReportPeriod:
    if week:
        return parse_iso_week(week, office.zone)
    if from_on and to_on:
        return period_between(from_on, to_on, office.zone)
    return week_of(now, office.zone)
