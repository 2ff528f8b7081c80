"""Phones as people write them, read as dialled in an office's country."""

from dataclasses import replace
from functools import lru_cache
from typing import Final

from service.domain.errors import InvalidError, Mistake
from service.domain.masking import mask_phone
from service.domain.permits.phone import Phone, PhoneLine
from service.domain.untrusted.text import safe_label
from service.flow.permits.encryption import Recipient, encrypt_phone
from service.flow.ports import LawStore, PhoneParser, Vault

_CACHED_PHONES: Final = 65_536
"""Phones that are encrypted once: an agent or a chain has many permits."""

_CACHED_TEXTS: Final = 2048
"""Texts that are read once: those of a chunk are looked at after it is stored."""


class PhoneReader:
    """Reads phones into recipients, ready to be stored and looked up."""

    def __init__(self, law_store: LawStore, parser: PhoneParser, vault: Vault) -> None:
        self.law_store = law_store
        self._parser, self._vault = parser, vault
        self._encrypt = lru_cache(_CACHED_PHONES)(self._encrypt_new)
        self._read = lru_cache(_CACHED_TEXTS)(self._read_new)

    def read(self, text: str, region: str) -> Recipient:
        """Read a phone; one that is no number becomes a recipient of an invalid line.

        `region` is the country in which a number without a country code is dialled.
        """
        return self._read(text, region)

    def _read_new(self, text: str, region: str) -> Recipient:
        return self._encrypt(self._parser.parse(text, region))

    def _encrypt_new(self, phone: Phone) -> Recipient:
        return encrypt_phone(phone, self._vault)

    def line_of(self, text: str, region: str) -> PhoneLine:
        """Return the kind of line of a phone, read like `read`."""
        return self.read(text, region).line

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
        phone = self._parser.parse(text, office.calendar)
        if phone.line is PhoneLine.INVALID:
            shown = safe_label(mask_phone(text))
            expected = f"a phone number, as dialled in {office.calendar}"
            raise InvalidError(where, [Mistake("phone", shown, expected)])
        return self._encrypt(replace(phone, number=phone.without_extension))
