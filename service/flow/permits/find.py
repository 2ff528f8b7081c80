"""Permits looked up by key, page or number."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.domain.errors import ConflictError, InvalidError, Mistake, UnknownError
from service.domain.permits.permit import NO_EXPIRY
from service.domain.permits.permit_number import normalize_number
from service.domain.permits.phone import PhoneLine
from service.domain.untrusted.text import safe_label
from service.flow.permits.encryption import NUMBER_COLUMN
from service.flow.ports import Vault


@dataclass(frozen=True, slots=True)
class PermitReminderView:
    """A reminder as lists and the API show it."""

    step: str
    expires_on: date
    due_at: datetime
    state: str
    reason: str | None
    hold_reason: str | None
    next_at: datetime | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class RenewalView:
    """The renewal of a term, and the reminder that was sent last before it.

    `renewed_by` is the number of the permit that renews it under a new one.
    `renewed_on` is None while it is only filed, and `step` where no reminder was sent.
    """

    expires_on: date
    filed_on: date | None
    renewed_on: date | None
    renewed_until: date | None
    renewed_by: str | None
    step: str | None
    sent_at: datetime | None
    days: int | None


@dataclass(frozen=True, slots=True)
class PhoneView:
    """A phone of a permit, masked; at most one of a permit `is_texted`."""

    phone: str
    line: PhoneLine
    role: str | None
    is_texted: bool


@dataclass(frozen=True, slots=True)
class PermitView:
    """A permit as lists and the API show it; a personal number is masked.

    `id` sorts by registration.
    `revision` is equal as long as nobody has changed the permit or its phones.
    """

    id: str
    authority: str
    rule: str
    number: str
    holder: str
    holder_code: str | None
    phones: tuple[PhoneView, ...]
    language: str | None
    issued_on: date | None
    expires_on: date | None
    status: str
    status_reason: str | None
    renewal_filed_on: date | None
    replaced: bool
    version: str
    reminders: tuple[PermitReminderView, ...]
    revision: str
    renewals: tuple[RenewalView, ...] = ()
    district: str | None = None

    def expiry(self) -> date:
        """The expiry date, from which all others follow; `InvalidError` without one."""
        if self.expires_on is None:
            expected = "an expiry date: nothing reminds of a permit without one"
            mistake = Mistake("expires_on", NO_EXPIRY, expected)
            raise InvalidError(f"permit of {self.rule}", [mistake])
        return self.expires_on


class PermitReader(Protocol):
    """Reads stored permits."""

    async def get(
        self, authority: str, rule: str, number_key: str
    ) -> PermitView | None:
        """Return the permit with this number key, if there is one."""

    async def page(
        self,
        authority: str | None,
        rule: str | None,
        after: str | None,
        limit: int,
        *,
        district: str | None = None,
    ) -> list[PermitView]:
        """Return the permits that follow the id `after`, in the order of their ids.

        `district` are the first digits of its code.
        """

    async def find_by_number(self, number_keys: Collection[str]) -> list[PermitView]:
        """Return every permit with one of these number keys, of any rule."""


async def find_permit(
    number: str,
    permits: PermitReader,
    vault: Vault,
    rule: str | None = None,
    authority: str | None = None,
) -> PermitView:
    """Find the one permit with a number, of one rule or authority where named.

    Raises `UnknownError` if there is none, `ConflictError` if there are several.
    """
    found = await find_permits(number, permits, vault, rule, authority)
    if len(found) > 1:
        names = ", ".join(sorted(f"{one.authority} {one.rule}" for one in found))
        reason = f"several permits have this number, add rule or authority: {names}"
        raise ConflictError(reason)
    return found[0]


async def find_permits(
    number: str,
    permits: PermitReader,
    vault: Vault,
    rule: str | None = None,
    authority: str | None = None,
) -> list[PermitView]:
    """Find every permit with a number; raises `UnknownError` if there is none."""
    number = normalize_number(number) or number
    keys = [number, vault.digest(number, NUMBER_COLUMN).hex()]
    found = [
        one
        for one in await permits.find_by_number(keys)
        if rule in (None, one.rule) and authority in (None, one.authority)
    ]
    if not found:
        raise UnknownError("permit number", safe_label(number))
    return found
