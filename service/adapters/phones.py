"""Parses phone numbers of registers with Google's libphonenumber."""

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from service.domain.permits.phone import Phone, PhoneLine

_TAKES_TEXTS = frozenset(
    {
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,  # all North American numbers
        PhoneNumberType.PERSONAL_NUMBER,  # Twilio's magic +1500555000N among them
        PhoneNumberType.VOIP,
    }
)
_EXCEL_FLOAT = re.compile(r"(\+?\d{5,15})\.0+")
_SCIENTIFIC = re.compile(r"\d[\d.]*[Ee][+-]?\d+")


class Libphonenumber:
    """The port `Phones`, by libphonenumber."""

    def parse(self, text: str, region: str) -> Phone:
        """Parse a number; see `read_phone`."""
        return read_phone(text, region)


@lru_cache(maxsize=4096)  # one agent's number may be in hundreds of rows
def read_phone(text: str, region: str) -> Phone:
    """Parse a number as dialled in `region` (ISO 3166: CN, US).

    Understands full-width digits, dashes, tel:, national and international prefixes,
    and a number that a spreadsheet turned into 2125550142.0. A number that takes no
    texts (landline, toll-free, premium, an extension) is FIXED. An invalid number is
    INVALID and has the text as found. Never raises: in a region without a numbering
    plan, only numbers with + and a country code are valid.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if whole := _EXCEL_FLOAT.fullmatch(plain):
        plain = whole[1]
    try:
        number = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        return Phone(text, PhoneLine.INVALID)
    if _SCIENTIFIC.fullmatch(plain) or not phonenumbers.is_valid_number(number):
        return Phone(text, PhoneLine.INVALID)
    return Phone(
        phonenumbers.format_number(number, PhoneNumberFormat.E164), _line_type(number)
    )


def _line_type(number: PhoneNumber) -> PhoneLine:
    takes_texts = phonenumbers.number_type(number) in _TAKES_TEXTS
    return PhoneLine.MOBILE if takes_texts and not number.extension else PhoneLine.FIXED
