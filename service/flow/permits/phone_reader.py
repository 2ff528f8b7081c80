"""Phones as people write them, read as dialled in an office's country."""

from dataclasses import dataclass, replace

from service.domain.errors import InvalidError, Mistake
from service.domain.masking import mask_phone
from service.domain.permits.phone import PhoneLine
from service.domain.untrusted.text import safe_label
from service.flow.permits.encryption import Recipient, encrypt_phone
from service.flow.ports import LawStore, PhoneParser, Vault


@dataclass(frozen=True, slots=True)
class PhoneReader:
    """Reads phones into recipients, ready to be stored and looked up."""

    law_store: LawStore
    parser: PhoneParser
    vault: Vault

    def read(self, text: str, region: str) -> Recipient:
        """Read a phone; one that is no number becomes a recipient of an invalid line.

        `region` is the country in which a number without a country code is dialled.
        """
        return encrypt_phone(self.parser.parse(text, region), self.vault)

    def line_of(self, text: str, region: str) -> PhoneLine:
        """Return the kind of line of a phone, read like `read`."""
        return self.parser.parse(text, region).line

    async def read_for(self, authority: str, text: str) -> Recipient:
        """Read a phone as dialled in the country of an authority.

        Raises `UnknownError` for an unknown authority.
        """
        office = (await self.law_store.current_law()).authority(authority)
        return self.read(text, office.calendar)

    async def read_valid(self, where: str, authority: str, text: str) -> Recipient:
        """Read a phone like `read_for`; raises `InvalidError` if it is no number.

        An extension is left out: what a person decides is about the number. `where` is
        what the error names as the place of the mistake.
        """
        office = (await self.law_store.current_law()).authority(authority)
        phone = self.parser.parse(text, office.calendar)
        if phone.line is PhoneLine.INVALID:
            shown = safe_label(mask_phone(text))
            expected = f"a phone number, as dialled in {office.calendar}"
            raise InvalidError(where, [Mistake("phone", shown, expected)])
        return encrypt_phone(replace(phone, number=phone.without_extension), self.vault)
