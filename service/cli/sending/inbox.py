"""The inbox: texts to us that a person must read, and what they decide."""

from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

import click

from service.app import Installation
from service.cli.installation import whoami, with_installation
from service.cli.option_types import CODE
from service.cli.sending.decisions import IDS, REASON, decide_each
from service.domain.lawbook.law import Law
from service.domain.local_time import format_local_time
from service.flow.sending.outcomes.inbox import (
    InboxDecision,
    InboxPermit,
    InboxText,
    decide_text,
    read_inbox,
)

_PAGE_SIZE: Final = 500

_COLUMNS: Final = ("id", "received_at", "days", "phone", "permits", "text")


@click.command()
@click.option(
    "--authority",
    type=CODE,
    metavar="CODE",
    help="Only about permits of this authority and all below it. Default: all.",
)
@click.option("--format", "form", type=click.Choice(["text", "csv"]), default="text")
@with_installation
async def inbox(installation: Installation, authority: str | None, form: str) -> None:
    """List texts of holders that nobody has answered.

    They were not understood, and each waits for a person: opt its phone out, or answer
    it and mark it as handled. The oldest comes first.
    """
    law = await installation.law_store.current_law()
    offices = law.subtree(authority) if authority else None
    rows, after = list[Mapping[str, object]](), None
    while page := await read_inbox(offices, after, _PAGE_SIZE, installation.inbox_deps):
        rows += [_row(one, law, installation) for one in page]
        after = page[-1].id
    if form == "csv":
        formatter = installation.report_formatter
        click.echo(formatter.rows_as_csv(rows, _COLUMNS), nl=False)
        return
    for row in rows:
        line = "{id}  {received_at}, {days} days ago  {phone}  {permits}: {text}"
        click.echo(line.format(**row))
    click.echo(f"{len(rows)} texts wait for an answer")


@click.command("opt-out")
@IDS
@REASON
@with_installation
async def opt_out(
    installation: Installation, ids: tuple[str, ...], reason: str
) -> None:
    """Decide that these texts ask for no more texts.

    Their phones are opted out, in every office.
    """
    await _decide(installation, ids, InboxDecision.OPT_OUT, reason)


@click.command()
@IDS
@REASON
@with_installation
async def handled(
    installation: Installation, ids: tuple[str, ...], reason: str
) -> None:
    """Take texts that were answered out of the inbox."""
    await _decide(installation, ids, InboxDecision.HANDLED, reason)


async def _decide(
    installation: Installation,
    ids: tuple[str, ...],
    decision: InboxDecision,
    reason: str,
) -> None:
    async def decide(text_id: str) -> str:
        request, deps = {"reason": reason}, installation.inbox_deps
        await decide_text(text_id, decision, request, deps, via="command", by=whoami())
        return f"{text_id} {_DONE[decision]}"

    await decide_each(ids, decide)


_DONE: Final = {
    InboxDecision.OPT_OUT: "its phone is opted out",
    InboxDecision.HANDLED: "handled",
}


def _row(one: InboxText, law: Law, installation: Installation) -> Mapping[str, object]:
    waits = installation.clock.now() - one.received_at
    zone = _zone(one, law, installation.settings.authority)
    return {
        "id": one.id,
        "received_at": format_local_time(one.received_at, zone),
        "days": waits.days,
        "phone": one.phone or "unknown phone",
        "permits": "; ".join(map(_permit_text, one.permits)) or "no permit",
        "text": one.text,
    }


def _zone(one: InboxText, law: Law, default: str | None) -> ZoneInfo:
    """Where the text's office is; UTC if nobody can tell."""
    code = one.permits[0].authority if one.permits else default
    offices = [law.authority(code)] if code else list(law.authorities.values())
    return offices[0].zone if len(offices) == 1 else ZoneInfo("UTC")


def _permit_text(one: InboxPermit) -> str:
    return f"{one.authority} {one.rule} {one.number} {one.holder}"
