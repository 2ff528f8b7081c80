"""Permits that rows of a register withdraw, and say no more of."""

from typing import Final

from service.domain.errors import InvalidError, Mistake, UnknownError
from service.domain.lawbook.law import Law
from service.domain.nearest import show_known
from service.domain.permits.row_permit import Withdrawal
from service.flow.permits.encryption import number_key
from service.flow.ports import Vault

INACTIVE: Final = "inactive"
"""The outcome of a withdrawn permit that is not stored."""

PermitName = tuple[str, str, str]
"""(authority, rule, number key): what identifies a permit."""


def name_withdrawn(
    one: Withdrawal, law: Law, vault: Vault
) -> PermitName | InvalidError:
    """Name the permit as it is stored; or the mistake, an unknown rule or office."""
    try:
        rule, office = law.rule(one.rule), law.authority(one.authority)
    except UnknownError as error:
        known = show_known(error.code, sorted(error.known))
        mistake = Mistake(error.kind, error.code, known)
        return InvalidError(f"permit of {one.rule}", [mistake])
    return office.code, rule.code, number_key(one.number, rule, vault)
