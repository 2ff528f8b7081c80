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

_WITHOUT_MARKS = str.maketrans("", "", " ()-")
"""Leaves out what stands between digits, so that all spellings are looked up once."""


class Libphonenumber:
    """The port `Phones`, by libphonenumber."""

    def parse(self, text: str, region: str) -> Phone:
        """Parse a number; see `read_phone`."""
        return read_phone(text, region)


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
    digits = written.number.translate(_WITHOUT_MARKS)
    e164, line = _look_up(digits, region) or (text, PhoneLine.INVALID)
    if written.extension and line is not PhoneLine.INVALID:
        return Phone(f"{e164}{EXTENSION}{written.extension}", PhoneLine.FIXED)
    return Phone(e164, line)


@lru_cache(maxsize=65_536)  # some 20 MB: one agent's number may be in hundreds of rows
def _look_up(digits: str, region: str) -> tuple[str, PhoneLine] | None:
    """The number in E.164, and its line; None if it is not valid."""
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:  # what `is_valid_number` asks, once more
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return e164, PhoneLine.MOBILE if kind in _TAKES_TEXTS else PhoneLine.FIXED
