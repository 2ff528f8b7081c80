"""Print a list of permits whose holders need a call or another phone number."""

from collections.abc import Mapping, Sequence

import click

from service.flow.reports.weekly import ReportFormatter


def print_permit_list(
    rows: Sequence[Mapping[str, object]],
    columns: Sequence[str],
    formatter: ReportFormatter,
    *,
    as_csv: bool,
    summary: str,
) -> None:
    """Print the rows as CSV, or as a line for each permit and a summary."""
    if as_csv:
        click.echo(formatter.rows_as_csv(rows, columns), nl=False)
        return
    for row in rows:
        click.echo(
            "{expires_on}  {authority} {rule} {number}  {holder}  {reached_by}  "
            "closing {closes_on}: {why}".format(
                **row, reached_by=row["phones"] or "no phone"
            )
        )
    click.echo(f"{len(rows)} {summary}")
