"""A phone as somebody names it: read as in an office's country, ready to be found."""

from dataclasses import dataclass

from service.domain.errors import InvalidError, Mistake
from service.domain.masking import mask_phone
from service.domain.permits.phone import PhoneLine
from service.domain.untrusted.text import safe_label
from service.flow.permits.encryption import Recipient, encrypt_phone
from service.flow.ports import LawStore, PhoneParser, Vault


@dataclass(frozen=True, slots=True)
class PhoneReader:
    """What reading a number needs of the outside."""

    law_store: LawStore
    parser: PhoneParser
    vault: Vault


async def read_phone(
    where: str, phone: str, authority: str, reader: PhoneReader
) -> Recipient:
    """Read a number as the registers of an authority are read.

    Raises `UnknownError`, and `InvalidError` about `where` for what is no number.
    """
    office = (await reader.law_store.current_law()).authority(authority)
    found = reader.parser.parse(phone, office.calendar)
    if found.line is PhoneLine.INVALID:
        shown = safe_label(mask_phone(phone))
        expected = f"a phone number, as dialled in {office.calendar}"
        raise InvalidError(where, [Mistake("phone", shown, expected)])
    return encrypt_phone(found, reader.vault)
