"""One text to the clerk's own phone."""

from typing import Final

import click

from service.adapters.choose_provider import open_provider
from service.app import Installation
from service.cli.default_authority import installed_authority
from service.cli.installation import whoami, with_installation
from service.cli.option_types import PHONE, PHONE_AUTHORITY
from service.cli.server.serve import refuse_real_sms_when_simulated
from service.domain.delivery.operator_request import SCOPE_ALL
from service.domain.delivery.outcome import Accepted, NotPosted, Outcome, Refused
from service.domain.delivery.pause import Pause
from service.domain.errors import InvalidError, Mistake
from service.domain.masked_text import mask_text
from service.domain.permits.phone import PhoneLine
from service.domain.reports.sending_findings import judge_pauses
from service.flow.permits.encryption import Recipient
from service.flow.sending.own_phone.send_test import send_test

_SANDBOX: Final = "sandbox"


@click.command("test-sms")
@PHONE
@PHONE_AUTHORITY
@click.option("--yes", is_flag=True, help="Do not ask before a real provider sends it.")
@with_installation
async def test_sms(
    installation: Installation, phone: str, authority: str | None, *, yes: bool
) -> int:
    """Send one text to PHONE, your own, to see that texts arrive.

    It is marked as a test and counts for nothing. Exit code 1 if it was not accepted.
    """
    refuse_real_sms_when_simulated(installation)
    law, issuing = await installed_authority(installation, authority)
    office = law.sending_office(issuing.code)
    reader = installation.unreachable_deps.phone_reader
    recipient = await reader.read_valid("test-sms", office.code, phone)
    if recipient.line != PhoneLine.MOBILE:
        wrong = Mistake("phone", recipient.masked, "a mobile phone: others get no SMS")
        raise InvalidError("test-sms", [wrong])
    provider_name = installation.settings.provider
    if provider_name != _SANDBOX and not yes:
        _confirm(recipient, provider_name)
    async with open_provider(installation.settings, installation.database) as provider:
        message_id, outcome = await send_test(
            recipient,
            office,
            installation.tick_deps(provider).send_deps,
            installation.own_phone_store(provider),
            by=whoami(),
        )
    held_by = await _list_pauses(installation, office.code)
    if isinstance(outcome, NotPosted) and held_by:
        for one in judge_pauses(held_by):
            click.echo(mask_text(f"not sent: {one.what}; {one.remedy}"))
    else:
        click.echo(_describe(outcome, provider_name, message_id))
    return 0 if isinstance(outcome, Accepted) else 1


def _confirm(recipient: Recipient, provider: str) -> None:
    """Ask before a text that costs money; a "no" ends the command."""
    try:
        is_meant = click.confirm(
            f"send a real text to {recipient.masked} through {provider}?", err=True
        )
    except click.Abort:
        raise click.UsageError("nobody answers; give --yes to send it") from None
    if not is_meant:
        click.get_current_context().exit(1)


async def _list_pauses(installation: Installation, office: str) -> list[Pause]:
    """The pauses that hold a test of this office."""
    scopes = SCOPE_ALL, f"authority:{office}", f"office:{office}"
    pauses = await installation.pause_store.list_pauses()
    return [one for one in pauses if one.scope in scopes]


def _describe(outcome: Outcome, provider: str, message_id: str) -> str:
    match outcome:
        case Accepted():
            if provider == _SANDBOX:
                return (
                    f"the sandbox has it, and no phone rang: message {message_id}; see "
                    "its page: permit-reminders sandbox"
                )
            return (
                f"{provider} accepted it: permit-reminders messages show {message_id} "
                "says what becomes of it, after a tick"
            )
        case Refused():
            return f"{provider} refused it: {outcome.code}: {outcome.reason}"
        case NotPosted():
            return f"not sent: {outcome.reason}; permit-reminders doctor says why"
        case _:
            return (
                f"nobody knows whether {provider} took it ({outcome.reason}): the next "
                f"tick asks; permit-reminders messages show {message_id}"
            )
