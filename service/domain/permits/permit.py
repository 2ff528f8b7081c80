"""A permit as a register states it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from service.domain.law.rule import Language
from service.domain.permits.phone import ContactRole

NO_EXPIRY: Final = "no expiry"
"""What people read instead of the expiry date that a permit does not have."""


class PermitStatus(StrEnum):
    """A permit's state in the register; only an active permit is reminded of."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


@dataclass(slots=True, kw_only=True)
class Permit:
    """One checked row of a register; the fields are those of the public API.

    Identified by (authority, rule, number). `phones` are as the office wrote them, in
    order of preference, `phone_roles` whose they are: as many, or none where nobody
    says it. `district` is a code of GB/T 2260, or what stands in its place; only a code
    is stored. `replaces` is the number of the permit that this one renews.
    One whose `expires_on` is None has no end, and nothing reminds of it.

    Like all that an import makes for each row it is not frozen, which would take five
    times as long. Nothing changes it nevertheless.
    """

    authority: str
    rule: str
    number: str
    holder: str
    expires_on: date | None
    phones: tuple[str, ...] = ()
    holder_code: str | None = None
    language: Language | None = None
    issued_on: date | None = None
    status: PermitStatus = PermitStatus.ACTIVE
    renewal_filed_on: date | None = None
    replaces: str | None = None
    district: str | None = None
    phone_roles: tuple[ContactRole | None, ...] = ()
