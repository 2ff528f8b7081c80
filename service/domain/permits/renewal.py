"""Which permit a renewal replaces, among those that have the number it names."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.domain.errors import InvalidError, Mistake
from service.domain.permits.permit import Permit


@dataclass(frozen=True, slots=True)
class NumberedPermit:
    """A permit that has the number which a renewal names, in any office."""

    authority: str
    rule: str
    shown_number: str
    holder: str
    holder_code: str | None


def refuse_replaced(
    renewal: Permit, found: Sequence[NumberedPermit]
) -> InvalidError | None:
    """The mistake of a renewal whose number only permits of other holders have.

    A permit of the same office and type is replaced whoever holds it; one of another
    office or type only if its holder is the renewal's. A number that nobody has yet is
    right: the permit may be registered later.
    """
    if not found or any(
        (one.authority, one.rule) == (renewal.authority, renewal.rule)
        or _has_same_holder(one, renewal)
        for one in found
    ):
        return None
    places = ", ".join(
        sorted(f"{one.rule} {one.shown_number} of {one.authority}" for one in found)
    )
    expected = "a permit of the same holder, or nothing"
    mistake = Mistake("replaces", f"{places}, of another holder", expected)
    return InvalidError(f"permit of {renewal.rule}", [mistake])


def _has_same_holder(one: NumberedPermit, renewal: Permit) -> bool:
    if one.holder_code and renewal.holder_code:
        return one.holder_code == renewal.holder_code
    return one.holder == renewal.holder
