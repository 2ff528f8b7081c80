"""What was sent: counts and the weekly report."""

from datetime import date, datetime

import click
import orjson

from service.app import Installation
from service.cli.default_authority import choose_authority
from service.cli.installation import with_installation
from service.cli.option_types import Day, Instant
from service.domain.law.authority import Authority
from service.domain.reports.period import (
    ReportPeriod,
    parse_iso_week,
    period_between,
    week_of,
)
from service.flow.reports.weekly import GroupBy, columns_of
from service.flow.reports.weekly import list_counts as count
from service.flow.reports.weekly import make_report as report_on

_AUTHORITY = click.option("--authority", help="Default: the one in the settings.")


@click.command()
@click.option("--from", "from_on", type=Day(), required=True, help="First day.")
@click.option("--to", "to_on", type=Day(), required=True, help="Last day.")
@click.option(
    "--by", type=click.Choice(["rule", "authority", "day", "week"]), default="rule"
)
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv")
@_AUTHORITY
@with_installation
async def counts(
    installation: Installation,
    from_on: date,
    to_on: date,
    by: GroupBy,
    form: str,
    authority: str | None,
) -> None:
    """Count what was sent: reminders, messages, segments, holders."""
    law = await installation.law_store.current_law()
    office = choose_authority(law, authority or installation.settings.authority)
    days = period_between(from_on, to_on, office.zone)
    rows = await count(
        days,
        by,
        installation.clock.now(),
        law.subtree(office.code),
        installation.count_store,
    )
    told = [row.public_fields() for row in rows]
    if form == "json":
        click.echo(orjson.dumps(told))
    else:
        click.echo(
            installation.report_formatter.rows_as_csv(told, columns_of(rows)), nl=False
        )


@click.command()
@click.option("--week", help="An ISO week such as 2024-W05; default: the present one.")
@click.option("--from", "from_on", type=Day(), help="First day, instead of a week.")
@click.option("--to", "to_on", type=Day(), help="Last day.")
@click.option("--as-of", type=Instant(), help="What was delivered by then.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "csv"]), default="text"
)
@_AUTHORITY
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
    """The weekly report: per permit type sent, delivered, failed."""
    _refuse_two_periods(week, from_on, to_on)
    office = choose_authority(
        await installation.law_store.current_law(),
        authority or installation.settings.authority,
    )
    period = _period(week, from_on, to_on, office, installation.clock.now())
    made = await report_on(
        period,
        office,
        as_of or installation.clock.now(),
        installation.law_store,
        installation.count_store,
    )
    documents = installation.report_formatter
    if form == "json":
        click.echo(documents.as_json(made))
    elif form == "csv":
        click.echo(documents.as_csv(made), nl=False)
    else:
        click.echo(documents.as_text(made), nl=False)


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
