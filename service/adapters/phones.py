"""Telephone numbers as registers write them, read by Google's libphonenumber."""

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
    """The flow's `Phones`."""

    def parse(self, text: str, region: str) -> Phone:
        """Read a number; see `read_phone`."""
        return read_phone(text, region)


@lru_cache(maxsize=4096)  # an agent's number stands in hundreds of rows
def read_phone(text: str, region: str) -> Phone:
    """Read a number as somebody in `region` (ISO 3166: CN, US) would dial it.

    Full-width digits, dashes, tel:, national and international prefixes are all
    understood, and a number that a spreadsheet turned into 2125550142.0. What no
    mobile answers (landline, toll-free, premium, a switchboard extension) is a
    fixed line; what is no number keeps its text. Never raises: where the region has
    no numbering plan, only numbers that begin with + and their country are valid.
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
    texts = phonenumbers.number_type(number) in _TAKES_TEXTS
    return PhoneLine.MOBILE if texts and not number.extension else PhoneLine.FIXED
