"""Explanations out of an installation's database."""

from datetime import date
from typing import Any

from service.app import House
from service.cli.meant import meant
from service.cli.opened import in_house
from service.cli.shown import show
from service.domain.errors import UnknownError
from service.domain.fields import narrow
from service.domain.raw import bare
from service.flow.explain import explain
from service.flow.register import NUMBER
from service.flow.rows import ShownPermit


@in_house
async def explain_date(
    house: House, rule: str, expires_on: date, authority: str | None, *, as_json: bool
) -> None:
    """Explain an expiry date by the installed law."""
    law = await house.office.law()
    named = authority or house.settings.authority
    office = meant(law, named, law.rule(rule).calendar)
    show(explain(law, rule, office.code, expires_on), as_json=as_json)


@in_house
async def explain_permit(
    house: House, number: str, authority: str | None, *, as_json: bool
) -> None:
    """Explain every permit of this number, in all authorities or one."""
    law = await house.office.law()
    office = law.authority(authority).code if authority else None
    number = narrow(bare(number)) or number
    keys = [number, house.vault.digest(number, NUMBER).hex()]
    found = [
        permit
        for permit in await house.permits.by_number(keys)
        if office in (None, permit.authority)
    ]
    if not found:
        raise UnknownError("permit number", number)
    for permit in found:
        version = law.version(permit.version)
        told = explain(law, permit.rule, permit.authority, permit.expires_on, version)
        show(dict(told) | {"permit": _told(permit)}, as_json=as_json)


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
