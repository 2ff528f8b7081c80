"""Errors of the law as mistakes in the field of a permit that caused them."""

from service.domain.errors import (
    InvalidError,
    Mistake,
    NeverRemindsError,
    PermitRemindersError,
    UnknownError,
)
from service.domain.nearest import show_known
from service.domain.permits.permit import NO_EXPIRY, Permit
from service.domain.untrusted.text import mask_digits


def to_invalid(permit: Permit, error: PermitRemindersError) -> InvalidError:
    """An error of the law as a mistake in the field of the permit that caused it."""
    rule = mask_digits(permit.rule)
    where = f"permit of {rule}"
    if isinstance(error, NeverRemindsError):
        expected = f"a permit type with reminders: {error}"
        return InvalidError(where, [Mistake("rule", rule, expected)])
    if isinstance(error, UnknownError):
        known = show_known(error.code, sorted(error.known))
        return InvalidError(
            where, [Mistake(error.kind, mask_digits(error.code), known)]
        )
    expected = f"a date the law places: {error}"
    return InvalidError(
        where, [Mistake("expires_on", str(permit.expires_on or NO_EXPIRY), expected)]
    )
