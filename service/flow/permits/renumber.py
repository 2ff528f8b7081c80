"""Stored permit numbers brought to the normal form that this release reads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, Protocol

from service.domain.law.rule import Rule
from service.domain.permits.permit_number import normalize_number
from service.flow.permits.encryption import (
    NUMBER_COLUMN,
    display_number,
    encrypt_number,
    number_key,
)
from service.flow.permits.register import RegisterDeps

_PAGE: Final = 1_000
"""Permits per transaction."""


@dataclass(frozen=True, slots=True)
class StoredNumber:
    """The number of a stored permit, as `permits` has it."""

    id: str
    authority: str
    rule: str
    number_key: str
    number: bytes | None
    shown_number: str
    tail: str
    replaces: str | None
    expires_on: date | None
    status: str


@dataclass(frozen=True, slots=True)
class Renumbered:
    """How many permits changed; pairs that turned out to be one permit.

    Of `withdrawn` pairs the copy has ended, since both had one expiry date; the
    `contradicting` ones are left for the office: (authority, rule, shown number).
    """

    changed: int
    withdrawn: tuple[tuple[str, str, str], ...]
    contradicting: tuple[tuple[str, str, str], ...]


class NumberStore(Protocol):
    """Stores the numbers of permits."""

    async def page(self, after: str | None, limit: int) -> Sequence[StoredNumber]:
        """Return the numbers that follow the permit id `after`, by their ids."""

    async def renumber(
        self, changes: Sequence[tuple[StoredNumber, StoredNumber]], now: datetime
    ) -> list[tuple[StoredNumber, StoredNumber]]:
        """Store numbers, each as (before, after), and let what replaces them follow.

        Returns those whose new number another permit has: (the stored copy, the other).
        """

    async def log(self, done: Renumbered, by: str, now: datetime) -> None:
        """Log what was done, if anything was."""


async def renumber_permits(
    store: NumberStore, deps: RegisterDeps, *, by: str
) -> Renumbered:
    """Bring every stored number to its normal form, page by page.

    A number that an earlier release stored with a mark, a guard or a `.0` would
    otherwise stay beside the clean one, and its holder be texted twice.
    """
    law, now = await deps.law_store.current_law(), deps.clock.now()
    changed, after = 0, None
    withdrawn: list[tuple[str, str, str]] = []
    contradicting: list[tuple[str, str, str]] = []
    while page := await store.page(after, _PAGE):
        after = page[-1].id
        changes = [(one, _normal(one, law.rule(one.rule), deps)) for one in page]
        changes = [(old, new) for old, new in changes if old != new]
        copies = await store.renumber(changes, now)
        changed += len(changes) - len(copies)
        for copy, other in copies:
            name = (copy.authority, copy.rule, copy.shown_number)
            if (copy.expires_on, copy.status) == (other.expires_on, other.status):
                await deps.store.withdraw(
                    copy.authority, copy.rule, copy.number_key, now
                )
                withdrawn.append(name)
            else:
                contradicting.append(name)
    done = Renumbered(changed, tuple(withdrawn), tuple(contradicting))
    await store.log(done, by, now)
    return done


def _normal(stored: StoredNumber, rule: Rule, deps: RegisterDeps) -> StoredNumber:
    if stored.number is not None:  # personal: what it replaces is only a digest
        plain, replaces = deps.vault.decrypt(stored.number, NUMBER_COLUMN), None
    else:
        plain, replaces = stored.number_key, stored.replaces
    number = normalize_number(plain)
    if replaces:
        stored = replace(stored, replaces=normalize_number(replaces) or replaces)
    if not number or number == plain:
        return stored
    return replace(
        stored,
        number_key=number_key(number, rule, deps.vault),
        number=encrypt_number(number, rule, deps.vault),
        shown_number=display_number(number, rule),
        tail=number[-rule.number_tail :],
    )
