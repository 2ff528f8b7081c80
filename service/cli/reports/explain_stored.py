"""Explanations from the database of an installation."""

from dataclasses import asdict
from datetime import date
from typing import Any

from service.app import Installation
from service.cli.default_authority import choose_authority
from service.cli.installation import with_installation
from service.cli.output.explanation import print_explanation, print_never_reminds
from service.cli.typed_number import showing_typed
from service.domain.errors import NeverRemindsError
from service.domain.lawbook.version_choice import ExplainRequest
from service.flow.permits.find import PermitView, find_permits
from service.flow.reports import explain as flow


@with_installation
async def explain_date(
    installation: Installation,
    rule: str,
    expires_on: date,
    issued_on: date | None,
    authority: str | None,
    version: str | None,
    *,
    as_json: bool,
) -> int:
    """Explain an expiry date under the installed law; 1 if the rule never reminds."""
    law = await installation.law_store.current_law()
    named = authority or installation.settings.authority
    office = choose_authority(law, named, law.rule(rule).calendar)
    request = ExplainRequest(rule, office.code, expires_on, issued_on, version=version)
    try:
        print_explanation(
            await flow.explain_with_revisions(law, request, installation.explain_store),
            as_json=as_json,
        )
    except NeverRemindsError as error:
        print_never_reminds(law.rule(rule), error, as_json=as_json)
        return 1
    return 0


@with_installation
async def explain_permit(
    installation: Installation,
    number: str,
    authority: str | None,
    version: str | None,
    *,
    as_json: bool,
) -> int:
    """Explain every permit with this number, of one authority or of all.

    1 if nothing reminds of any of them: they have no expiry date.
    """
    law = await installation.law_store.current_law()
    office = law.authority(authority).code if authority else None
    with showing_typed(number):
        found = await find_permits(
            number, installation.permit_reader, installation.vault, authority=office
        )
    now, store = installation.clock.now(), installation.explain_store
    answers = [
        await flow.explain_permit(law, one, store, now, version)
        if one.expires_on
        else await flow.explain_permit_without_expiry(law, one, store, now, version)
        for one in found
    ]
    for answer, permit in zip(answers, found, strict=True):
        print_explanation({**answer, "permit": permit_fields(permit)}, as_json=as_json)
    return 0 if any(one.expires_on for one in found) else 1


def permit_fields(permit: PermitView) -> dict[str, Any]:
    """The `permit` object of `explain --json`."""
    return {
        "number": permit.number,
        "holder": permit.holder,
        "status": permit.status,
        "status_reason": permit.status_reason,
        "renewal_filed_on": permit.renewal_filed_on,
        "renewals": [asdict(one) for one in permit.renewals],
        "district": permit.district,
        "phones": [(one.phone, one.line) for one in permit.phones],
        "contacts": [asdict(one) for one in permit.phones],
        "reminders": [
            {
                "step": one.step,
                "expires_on": one.expires_on,
                "state": one.state,
                "reason": one.reason or one.hold_reason,
                "next_at": one.next_at,
                "sent_at": one.sent_at,
            }
            for one in permit.reminders
        ],
    }
