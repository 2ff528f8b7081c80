"""Phones, permit numbers, texts to us: how they are encrypted and looked up."""

from dataclasses import dataclass, field
from typing import Final

from service.domain.law.rule import Rule
from service.domain.masking import mask_number, mask_phone
from service.domain.permits.phone import Phone, PhoneLine
from service.flow.ports import Vault

PHONE_COLUMN: Final = "recipients.phone"
"""Binds the ciphertext of a phone to its column: elsewhere it cannot be decrypted."""

NUMBER_COLUMN: Final = "permits.number"
"""Binds the ciphertext of a personal permit number to its column."""

INBOUND_COLUMN: Final = "inbounds.body"
"""Binds the ciphertext of a text that a recipient sent to us to its column."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A phone as it is stored: encrypted, looked up by its digest, shown masked."""

    digest: bytes = field(repr=False)
    encrypted_phone: bytes = field(repr=False)
    masked: str
    line: PhoneLine


def encrypt_phone(phone: Phone, vault: Vault) -> Recipient:
    """Make a phone ready to be stored and looked up."""
    return Recipient(
        digest=vault.digest(phone.number, PHONE_COLUMN),
        encrypted_phone=vault.encrypt(phone.number, PHONE_COLUMN),
        masked=mask_phone(phone.without_extension),
        line=phone.line,
    )


def number_key(number: str, rule: Rule, vault: Vault) -> str:
    """The key that identifies a permit: its number, or a digest if it is personal."""
    if rule.number_is_personal:
        return vault.digest(number, NUMBER_COLUMN).hex()
    return number


def encrypt_number(number: str, rule: Rule, vault: Vault) -> bytes | None:
    """Encrypt a personal number; None for any other, which its key already stores."""
    return vault.encrypt(number, NUMBER_COLUMN) if rule.number_is_personal else None


def display_number(number: str, rule: Rule) -> str:
    """The number as lists show it: masked if it is personal."""
    return mask_number(number, rule.number_tail) if rule.number_is_personal else number
