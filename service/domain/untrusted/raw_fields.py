"""Fields from outside, read one by one, with all the mistakes found on the way."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Final

from service.domain.errors import Mistake
from service.domain.masking import mask_phone
from service.domain.untrusted.phone_list import split_phones
from service.domain.untrusted.spreadsheet_cells import is_error
from service.domain.untrusted.text import (
    CONTROL_CHARACTERS,
    remove_invisible,
    safe_label,
    show_field,
    strip_blanks,
)

EXPECTED_DAY = "a date like 2026-12-31, from 1950 to 2200"

MOST_PHONES = 10
"""Phones of a permit, in order of preference."""

_LONGEST_PHONE = 64

LONGEST_PHONES = 2000
"""Characters of several phones in one text, with blanks and notes; to take it apart
takes time with the square of its length."""

_CONTACT: Final = {"phone", "role"}
_LISTS: Final = (list, tuple)

_ISO_LENGTH = len("2026-12-31")
YEARS = range(1950, 2201)
_PLAIN_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
"""Nothing to leave out and no error of a spreadsheet, as in most cells."""

_LINE_ENDS = re.compile(r"[\t\r\n]+")


class RawFields:
    """Fields that are read one by one, and all the mistakes found on the way.

    After a mistake every method returns a harmless value, so that the other fields
    are read too. Look at `mistakes` before you use what was read.
    """

    def __init__(self, fields: Mapping[str, object]) -> None:
        self._fields = fields
        self.mistakes: list[Mistake] = []

    def add_mistake(self, name: str, found: str, expected: str) -> None:
        """Add a mistake."""
        self.mistakes.append(Mistake(name, found, expected))

    def text(self, name: str, max_length: int) -> str | None:
        """Read one line of at most `max_length` characters; None if it is empty."""
        return self._one_line(name, self._fields.get(name), max_length)

    def code(self, name: str, max_length: int) -> str | None:
        """Read like `text`, without the marks that nobody sees in a code or number."""
        found = self._fields.get(name)
        if found is None or found == "":
            return None
        if not isinstance(found, str):
            return self._one_line(name, found, max_length)
        if len(found) <= max_length and _PLAIN_CODE.fullmatch(found):
            return found
        return self._one_line(name, remove_invisible(found), max_length)

    def required_text(self, name: str, max_length: int, expected: str) -> str:
        """Read like `text`; an empty field is a mistake."""
        return self._required(name, self.text(name, max_length), expected)

    def required_code(self, name: str, max_length: int, expected: str) -> str:
        """Read like `code`; an empty field is a mistake."""
        return self._required(name, self.code(name, max_length), expected)

    def one_of(self, name: str, words: Collection[str]) -> str | None:
        """Read one of `words`; None if the field is empty."""
        found = self._fields.get(name)
        if isinstance(found, str) and found in words:
            return found
        found = self.code(name, 64)
        if found is None or found in words:
            return found
        self.add_mistake(name, show_field(name, found), " or ".join(words))
        return None

    def day(self, name: str) -> date | None:
        """Read a local date in ISO form; None if the field is empty."""
        found = self._fields.get(name)
        if found is None or found == "":
            return None
        if not isinstance(found, str):
            day = None
        elif (day := _day(found)) is None:
            text = strip_blanks(remove_invisible(found))
            if text == "":
                return None
            day = _day(text)
        if day is None:
            self.add_mistake(name, show_field(name, found), EXPECTED_DAY)
        return day

    def required_day(self, name: str) -> date:
        """Read like `day`; an empty field is a mistake."""
        day = self.day(name)
        if day is None:
            self._add_missing(name, EXPECTED_DAY)
        return day or date.max

    def phones(self, name: str, roles: Sequence[str] = ()) -> dict[str, str | None]:
        """Read phone numbers as written, in order, each once, with their roles.

        They are a list or one text, which is taken apart by `split_phones`. Invisible
        marks are left out. One that has a role, of `roles`, is the `phone` of a table.
        """
        found = self._fields.get(name)
        if isinstance(found, str) and len(found) > LONGEST_PHONES:
            expected = f"at most {LONGEST_PHONES}"
            self.add_mistake(name, f"{len(found)} characters", expected)
            return {}
        listed = split_phones(found) if isinstance(found, str) else found
        if listed is not None and not isinstance(listed, _LISTS):
            self.add_mistake(
                name, show_field(name, found), "a list of numbers, each as text"
            )
            return {}
        numbers = dict[str, str | None]()
        for one in listed or ():
            number, role = self._contact(name, one, roles)
            numbers.setdefault(number, role)
        numbers.pop("", None)
        if len(numbers) > MOST_PHONES:
            self.add_mistake(name, f"{len(numbers)} numbers", f"at most {MOST_PHONES}")
        return numbers

    def _contact(
        self, name: str, found: object, roles: Sequence[str]
    ) -> tuple[str, str | None]:
        if (
            isinstance(found, str)
            or not (roles and isinstance(found, Mapping))
            or found.keys() != _CONTACT
        ):
            return self._phone(name, found), None
        number, role = self._phone(name, found["phone"]), found["role"]
        if role not in roles:
            self.add_mistake(name, show_field("role", role), " or ".join(roles))
        return number, role if role in roles else None

    def _phone(self, name: str, found: object) -> str:
        number = _one_phone(found) if isinstance(found, str) else None
        if (
            number is None
            or len(number) > _LONGEST_PHONE
            or (not number.isprintable() and CONTROL_CHARACTERS.search(number))
        ):
            what = (
                mask_phone(found) if isinstance(found, str) else show_field(name, found)
            )
            expected = f"a number as text, at most {_LONGEST_PHONE} characters"
            self.add_mistake(name, safe_label(what), expected)
            return ""
        return number

    def _one_line(self, name: str, found: object, max_length: int) -> str | None:
        if found is None:
            return None
        text = strip_blanks(found) if isinstance(found, str) else None
        if text is None or len(text) > max_length:
            expected = f"text, one line of at most {max_length} characters"
        elif control := not text.isprintable() and CONTROL_CHARACTERS.search(text):
            expected = (
                f"text in one line, without the character U+{ord(control[0]):04X}"
            )
        elif is_error(text):
            expected = "a value: this is an error of a spreadsheet"
        else:
            return text or None
        self.add_mistake(name, show_field(name, found), expected)
        return None

    def _required(self, name: str, text: str | None, expected: str) -> str:
        if text is None:
            self._add_missing(name, expected)
        return text or ""

    def _add_missing(self, name: str, expected: str) -> None:
        if all(mistake.field != name for mistake in self.mistakes):
            self.add_mistake(name, "nothing", expected)


@lru_cache(maxsize=8192)  # a register has far fewer dates than rows
def _day(text: str) -> date | None:
    if len(text) != _ISO_LENGTH or not text[4] == text[7] == "-":
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _one_phone(text: str) -> str:
    if text.isascii() and text.isprintable():
        return strip_blanks(text)
    return strip_blanks(_LINE_ENDS.sub(" ", remove_invisible(text)))
