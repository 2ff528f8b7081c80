"""The audit of the ledger."""

import click

from service.app import Installation
from service.cli.installation import with_installation
from service.flow.reports.audit import audit_ledger


@click.command()
@with_installation
async def audit(installation: Installation) -> int:
    """Recompute the ledger from its rows; exit 1 on any difference."""
    differences = await audit_ledger(
        installation.audit_store, installation.law_store, installation.vault
    )
    for difference in differences:
        click.echo(difference)
    click.echo("the ledger adds up" if not differences else f"{len(differences)} wrong")
    return 1 if differences else 0
