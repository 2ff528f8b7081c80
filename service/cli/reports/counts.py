"""Counts of what was sent on some local days."""

from datetime import date

import click
import orjson

from service.app import Installation
from service.cli.default_authority import installed_authority
from service.cli.installation import with_installation
from service.cli.option_types import AUTHORITY_TREE, Day
from service.domain.reports.period import (
    period_between,
)
from service.flow.reports.weekly import GroupBy, columns_of, list_counts


@click.command()
@click.option("--from", "from_on", type=Day(), required=True, help="The first day.")
@click.option(
    "--to", "to_on", type=Day(), required=True, help="The last day, included."
)
@click.option(
    "--by", type=click.Choice(["rule", "authority", "day", "week"]), default="rule"
)
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv")
@AUTHORITY_TREE
@with_installation
async def counts(
    installation: Installation,
    from_on: date,
    to_on: date,
    by: GroupBy,
    form: str,
    authority: str | None,
) -> None:
    """Count reminders, messages, segments and holders from one day to another."""
    law, office = await installed_authority(installation, authority)
    days = period_between(from_on, to_on, office.zone)
    store = installation.count_store
    as_of = await store.known_until(installation.clock.now())
    rows = await list_counts(days, by, as_of, law.subtree(office.code), store)
    fields = [row.public_fields() for row in rows]
    if form == "json":
        click.echo(orjson.dumps(fields))
    else:
        click.echo(
            installation.report_formatter.rows_as_csv(fields, columns_of(rows)),
            nl=False,
        )
