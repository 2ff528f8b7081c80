"""Explanations out of an installation's database."""

from datetime import date
from typing import Any

from service.app import House
from service.cli.default_authority import meant
from service.cli.installation import in_house
from service.cli.output.explanation import show, show_never
from service.domain.errors import NeverRemindsError
from service.domain.lawbook.version_choice import Asked
from service.flow.permits.find import find_all
from service.flow.reports.explain import explain_installed
from service.flow.reports.explain import explain_permit as explain_one
from service.flow.rows import ShownPermit


@in_house
async def explain_date(
    house: House,
    rule: str,
    expires_on: date,
    issued_on: date | None,
    authority: str | None,
    version: str | None,
    *,
    as_json: bool,
) -> int:
    """Explain an expiry date by the installed law."""
    law = await house.office.law()
    named = authority or house.settings.authority
    office = meant(law, named, law.rule(rule).calendar)
    asked = Asked(rule, office.code, expires_on, issued_on, version=version)
    try:
        show(await explain_installed(law, asked, house.explaining), as_json=as_json)
    except NeverRemindsError as error:
        show_never(law.rule(rule), error, as_json=as_json)
        return 1
    return 0


@in_house
async def explain_permit(
    house: House,
    number: str,
    authority: str | None,
    version: str | None,
    *,
    as_json: bool,
) -> None:
    """Explain every permit of this number, in all authorities or one."""
    law = await house.office.law()
    office = law.authority(authority).code if authority else None
    found = await find_all(number, house.permits, house.vault, authority=office)
    now, to = house.clock.now(), house.explaining
    answers = [await explain_one(law, one, to, now, version) for one in found]
    for told, permit in zip(answers, found, strict=True):
        show({**told, "permit": _told(permit)}, as_json=as_json)


def _told(permit: ShownPermit) -> dict[str, Any]:
    return {
        "number": permit.number,
        "holder": permit.holder,
        "status": permit.status,
        "renewal_filed_on": permit.renewal_filed_on,
        "phones": permit.phones,
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
