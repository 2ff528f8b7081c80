"""The audit of the ledger."""

import click

from service.app import Installation
from service.cli.installation import with_installation
from service.flow.reports.audit import audit_ledger


@click.command()
@with_installation
async def audit(installation: Installation) -> int:
    """Recompute the ledger from its rows; exit 1 on any difference."""
    store, now = installation.audit_store, installation.clock.now()
    as_of = await store.known_until(now)
    differences = await audit_ledger(store, installation.law_store, installation.vault)
    for difference in differences:
        click.echo(difference)
    known = f", as of {as_of:%Y-%m-%d %H:%M:%S} UTC" if as_of < now else ""
    found = f"{len(differences)} wrong" if differences else "the ledger adds up"
    click.echo(f"{found}{known}")
    return 1 if differences else 0
