"""Permits by the number that people know them by."""

from service.domain.errors import ConflictError, UnknownError
from service.domain.permits.permit_fields import fold_full_width
from service.domain.untrusted.text import safe_label, strip_blanks
from service.flow.permits.encryption import NUMBER_COLUMN
from service.flow.ports import PermitReader, Vault
from service.flow.rows import PermitView


async def find_permit(
    number: str,
    permits: PermitReader,
    vault: Vault,
    rule: str | None = None,
    authority: str | None = None,
) -> PermitView:
    """The one permit of this number, of a type or in an authority where they are named.

    Raises `UnknownError`, and `ConflictError` where several have it.
    """
    found = await find_permits(number, permits, vault, rule, authority)
    if len(found) > 1:
        those = ", ".join(sorted(f"{one.authority} {one.rule}" for one in found))
        reason = f"several permits have this number, add rule or authority: {those}"
        raise ConflictError(reason)
    return found[0]


async def find_permits(
    number: str,
    permits: PermitReader,
    vault: Vault,
    rule: str | None = None,
    authority: str | None = None,
) -> list[PermitView]:
    """Every such permit; raises `UnknownError` where there is none."""
    number = fold_full_width(strip_blanks(number)) or number
    keys = [number, vault.digest(number, NUMBER_COLUMN).hex()]
    found = [
        one
        for one in await permits.find_by_number(keys)
        if rule in (None, one.rule) and authority in (None, one.authority)
    ]
    if not found:
        raise UnknownError("permit number", safe_label(number))
    return found
