"""A phone number, the kind of line it belongs to, and its country code."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, TypeVar


class PhoneLine(StrEnum):
    """The kind of line; only a mobile line can receive a text."""

    MOBILE = "mobile"
    FIXED = "fixed"
    INVALID = "invalid"


class ContactRole(StrEnum):
    """Whose phone it is, where a register says so."""

    REPRESENTATIVE = "representative"
    MANAGER = "manager"
    AGENT = "agent"


EXTENSION: Final = ";ext="
"""Stands before the digits of an extension, as in RFC 3966."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164, or the register's own text where the line is invalid.

    An extension belongs to the number, "+12125550142;ext=12": the same number without
    it may be somebody's mobile.

    The repr leaves the number out, so that no traceback or log shows it.
    """

    number: str = field(repr=False)
    line: PhoneLine

    @property
    def without_extension(self) -> str:
        """The number itself."""
        return self.number.partition(EXTENSION)[0]


class StoredPhone(Protocol):
    """A phone of a permit, as far as it decides whether it is texted."""

    @property
    def line(self) -> str:
        """Its kind of line, a `PhoneLine`."""

    @property
    def unreachable_at(self) -> datetime | None:
        """Since when the provider says that nothing arrives there."""


_Stored = TypeVar("_Stored", bound=StoredPhone)


def find_textless_roles(
    roles: Sequence[ContactRole | None], lines: Sequence[PhoneLine]
) -> list[ContactRole]:
    """Whose phones, of a permit's, none can receive a text."""
    reached = {
        role
        for role, line in zip(roles, lines, strict=True)
        if line is PhoneLine.MOBILE
    }
    return [role for role in ContactRole if role in roles and role not in reached]


def choose_texted(phones: Iterable[_Stored]) -> _Stored | None:
    """The first reachable mobile phone: the one to text."""
    return next((phone for phone in phones if _takes_texts(phone)), None)


def choose_phone(phones: Sequence[_Stored]) -> _Stored | None:
    """The one to text, else the first mobile phone, else the first."""
    mobile = [phone for phone in phones if phone.line == PhoneLine.MOBILE]
    return choose_texted(mobile) or next(iter([*mobile, *phones]), None)


def _takes_texts(phone: StoredPhone) -> bool:
    return phone.line == PhoneLine.MOBILE and phone.unreachable_at is None


_COUNTRY_CODE: Final = re.compile(
    r"\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3})"
)
"""Zones 1 and 7 have codes of one digit, the named ones have two, all others three:
list of ITU-T Recommendation E.164 assigned country codes."""


def country_code(number: str) -> str:
    """Return the country code of a number in E.164, with its plus: +1, +86, +852.

    Returns the whole text if it does not begin with a country code.
    """
    found = _COUNTRY_CODE.match(number)
    return found[0] if found else number
