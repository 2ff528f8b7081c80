"""A phone as somebody names it: read as in an office's country, ready to be found."""

from dataclasses import dataclass

from service.domain.errors import InvalidError, Mistake
from service.domain.formats.raw import label
from service.domain.permits.phone import Line, mask_phone
from service.flow.permits.register import sealed
from service.flow.ports import LawStore, Phones, Vault
from service.flow.rows import Recipient


@dataclass(frozen=True, slots=True)
class Dialling:
    """What reading a number needs of the outside."""

    laws: LawStore
    phones: Phones
    vault: Vault


async def dial(where: str, phone: str, authority: str, to: Dialling) -> Recipient:
    """Read a number as the registers of an authority are read.

    Raises `UnknownError`, and `InvalidError` about `where` for what is no number.
    """
    office = (await to.laws.law()).authority(authority)
    found = to.phones.read(phone, office.calendar)
    if found.line is Line.INVALID:
        shown = label(mask_phone(phone))
        expected = f"a phone number, as dialled in {office.calendar}"
        raise InvalidError(where, [Mistake("phone", shown, expected)])
    return sealed(found, to.vault)
