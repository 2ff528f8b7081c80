"""Permits withdrawn by rows of a register that say no more of them."""

from collections.abc import Collection
from typing import Final

from service.domain.errors import InvalidError, Mistake, UnknownError
from service.domain.nearest import show_known
from service.domain.permits.row_permit import Withdrawal
from service.flow.permits.encryption import number_key
from service.flow.permits.register import RegisterDeps, RegisterSource

_NOT_STORED: Final = "inactive"
"""The outcome of `register` for a withdrawn permit that it does not store."""


async def withdraw(
    withdrawals: Collection[Withdrawal], source: RegisterSource, deps: RegisterDeps
) -> list[str | InvalidError]:
    """Withdraw permits, each in its own transaction; their outcomes, in order.

    Outcomes: "changed", "unchanged", "inactive" for one that is not stored, or an
    `InvalidError` that names an unknown rule or office.
    """
    if not withdrawals:
        return []
    law = await deps.law_store.current_law()
    outcomes: list[str | InvalidError] = []
    for one in withdrawals:
        try:
            rule, office = law.rule(one.rule), law.authority(one.authority)
        except UnknownError as error:
            known = show_known(error.code, sorted(error.known))
            mistake = Mistake(error.kind, error.code, known)
            outcomes.append(InvalidError(f"permit of {one.rule}", [mistake]))
            continue
        key = number_key(one.number, rule, deps.vault)
        now = deps.clock.now()
        outcome = await deps.store.withdraw(
            office.code, rule.code, key, now, source=source
        )
        outcomes.append(outcome or _NOT_STORED)
    return outcomes
