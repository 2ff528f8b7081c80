"""Parses phone numbers of registers with Google's libphonenumber."""

from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from service.domain.permits.phone import EXTENSION, Phone, PhoneLine
from service.domain.permits.written_phone import read_written_phone

_TAKES_TEXTS = frozenset(
    {
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,  # all North American numbers
        PhoneNumberType.PERSONAL_NUMBER,  # Twilio's magic +1500555000N among them
        PhoneNumberType.VOIP,
    }
)


class Libphonenumber:
    """The port `Phones`, by libphonenumber."""

    def parse(self, text: str, region: str) -> Phone:
        """Parse a number; see `read_phone`."""
        return read_phone(text, region)


@lru_cache(maxsize=4096)  # one agent's number may be in hundreds of rows
def read_phone(text: str, region: str) -> Phone:
    """Parse a number as dialled in `region` (ISO 3166: CN, US).

    Understands full-width digits, dashes, tel:, national and international prefixes,
    and what `read_written_phone` reads: notes, marks, extensions. A number that takes
    no texts (landline, toll-free, premium, an extension) is FIXED. An invalid number
    is INVALID and has the text as found. Never raises: in a region without a numbering
    plan, only numbers with + and a country code are valid.
    """
    written = read_written_phone(text)
    if written is None:
        return Phone(text, PhoneLine.INVALID)
    try:
        number = phonenumbers.parse(written.number, region)
    except phonenumbers.NumberParseException:
        return Phone(text, PhoneLine.INVALID)
    if not phonenumbers.is_valid_number(number):
        return Phone(text, PhoneLine.INVALID)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if written.extension:
        return Phone(f"{e164}{EXTENSION}{written.extension}", PhoneLine.FIXED)
    takes_texts = phonenumbers.number_type(number) in _TAKES_TEXTS
    return Phone(e164, PhoneLine.MOBILE if takes_texts else PhoneLine.FIXED)
