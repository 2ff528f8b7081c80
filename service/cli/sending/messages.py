"""Messages: list them, show one, decide unknown outcomes; and texts to us."""

from collections.abc import Iterator

import click

from service.app import Installation
from service.cli.installation import whoami, with_installation
from service.cli.option_types import CODE, ID
from service.cli.sending.decisions import IDS, REASON, decide_each
from service.cli.sending.inbox import handled, inbox, opt_out
from service.domain.delivery.status import MessageState
from service.flow.reports.message_views import (
    MessageDetails,
    MessageFilter,
    MessageView,
)
from service.flow.sending.outcomes.resolve import Decision, resolve

PAGE_SIZE = 500


@click.group()
def messages() -> None:
    """List and show messages, decide unknown outcomes, read what holders answer."""


for _command in (inbox, opt_out, handled):
    messages.add_command(_command)


@messages.command("list")
@click.option("--state", type=click.Choice([str(one) for one in MessageState]))
@click.option(
    "--authority",
    type=CODE,
    metavar="CODE",
    help="This authority and all below it. Default: all.",
)
@click.option(
    "--open", "open_", is_flag=True, help="Only those without an outcome yet."
)
@with_installation
async def list_(
    installation: Installation, state: str | None, authority: str | None, *, open_: bool
) -> None:
    """List messages in the order in which they were claimed.

    Ends with what keeps messages from being sent, if anything does.
    """
    law = await installation.law_store.current_law()
    wanted = MessageFilter(
        state=MessageState(state) if state else None,
        offices=law.subtree(authority) if authority else None,
        open=open_,
    )
    after, count = None, 0
    while page := await installation.message_reader.page(wanted, after, PAGE_SIZE):
        for one in page:
            click.echo(_message_line(one))
        after, count = page[-1].id, count + len(page)
    click.echo(f"{count} messages")
    for part, problem in (await installation.health.problems()).items():
        click.echo(f"not sending: {part}: {problem}")


@messages.command()
@click.argument("message_id", type=ID, metavar="ID")
@with_installation
async def show(installation: Installation, message_id: str) -> None:
    """Show everything that is stored about the message ID."""
    for line in _message_lines(await installation.message_reader.get(message_id)):
        click.echo(line)


@messages.command()
@IDS
@REASON
@with_installation
async def resend(installation: Installation, ids: tuple[str, ...], reason: str) -> None:
    """Decide that these messages were not accepted.

    Their reminders are sent again if they are still current.
    """
    await _decide(installation, ids, Decision.RESEND, reason)


@messages.command("give-up")
@IDS
@REASON
@with_installation
async def give_up(
    installation: Installation, ids: tuple[str, ...], reason: str
) -> None:
    """Decide not to send these messages again: their reminders fail."""
    await _decide(installation, ids, Decision.GIVE_UP, reason)


async def _decide(
    installation: Installation, ids: tuple[str, ...], decision: Decision, reason: str
) -> None:
    async def decide(message_id: str) -> str:
        deps, by = installation.resolve_deps, whoami()
        await resolve(message_id, decision, {"reason": reason}, deps, by)
        found = await installation.message_reader.get(message_id)
        states = ", ".join(f"{one.number} {one.state}" for one in found.reminders)
        return f"{found.message.id} {found.message.state}: {states}"

    await decide_each(ids, decide)


def _message_line(one: MessageView) -> str:
    waits = f"  waits for the {one.waits_for}" if one.waits_for else ""
    why = f"  {one.reason}" if one.reason else ""
    return (
        f"{one.id}  {one.claimed_at:%Y-%m-%d %H:%M:%S} UTC  {one.state}  "
        f"{one.authority} {one.rule}  {one.to}  {one.provider}{why}{waits}"
    )


def _message_lines(found: MessageDetails) -> Iterator[str]:
    one = found.message
    yield _message_line(one)
    yield f"  {found.body}"
    yield (
        f"  template {one.template}, version {one.template_version}, {one.language}, "
        f"{one.segments} segments, attempt {one.attempt}, sent by {one.office}"
    )
    yield f"  provider's id {one.provider_id or 'none'}, {_failure_text(one)}"
    for reminder in found.reminders:
        why = reminder.reason or reminder.hold_reason
        yield (
            f"  reminder {reminder.rule} {reminder.number}, expiry "
            f"{reminder.expires_on}, {reminder.step}: "
            f"{reminder.state}{f' ({why})' if why else ''}"
        )
    for move in found.moves:
        why = f" ({move.reason})" if move.reason else ""
        yield f"  {move.at:%Y-%m-%d %H:%M:%S}  {move.number} {move.state}{why}"
    for receipt in found.receipts:
        moved = "" if receipt.moved else ", moved nothing"
        yield (
            f"  {receipt.received_at:%Y-%m-%d %H:%M:%S}  receipt "
            f"{receipt.state or 'unknown'} {dict(receipt.raw)}{moved}"
        )
    for act in found.acts:
        yield (
            f"  {act.at:%Y-%m-%d %H:%M:%S}  {act.what} by {act.by} {dict(act.detail)}"
        )


def _failure_text(one: MessageView) -> str:
    if one.kind is None and one.code is None:
        return "no fault reported"
    return f"{one.kind or 'fault'} {one.code or 'without a code'}"
