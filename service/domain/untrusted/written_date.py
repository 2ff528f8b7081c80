"""Days as registers write them, read into dates; what is not certain is refused."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final
from unicodedata import normalize
from zoneinfo import ZoneInfo

from service.domain.untrusted.raw_fields import EXPECTED_DAY, YEARS
from service.domain.untrusted.text import fold_marks, remove_invisible, strip_blanks

EXCEL: Final = "excel"
"""The format of Excel's serial numbers, as Windows counts them."""

EXCEL_1904: Final = "excel-1904"
"""The format of Excel's serial numbers, as workbooks from early Macs count them."""

MINGUO: Final = "minguo"
"""The format of years counted from 1912: 民國113年3月1日, 113/3/1, 1130301."""

_SERIALS: Final = {EXCEL: date(1899, 12, 30), EXCEL_1904: date(1904, 1, 1)}
"""Serial number 0. Excel counts a 29 February 1900; all our years come after it."""

_BEFORE_MINGUO: Final = 1911

_YEAR_FIRST: Final = re.compile(
    r"(\d{4}) ?"
    r"(?:([-/.]) ?(\d{1,2}) ?\2 ?(\d{1,2})|年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?[日号號]?)"
)
_DIGITS: Final = re.compile(r"(\d{4})(\d\d)(\d\d)")
_TIME: Final = re.compile(r"[T ] ?(\d{1,2}:\d\d)(?::\d\d(?:[.,]\d+)?)?")
_MINGUO: Final = re.compile(
    r"(?:中[華华])?(?:民[國国])? ?(\d{1,3}|元) ?"
    r"(?:([-/.]) ?(\d{1,2}) ?\2 ?(\d{1,2})|年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?日?)"
)
_MINGUO_DIGITS: Final = re.compile(r"(\d{2,3})(\d\d)(\d\d)")
_SERIAL: Final = re.compile(r"(\d{5,6})(?:\.\d+)?")
_UNSEPARATED: Final = re.compile("%[A-Za-z]%[A-Za-z]")

_CACHED: Final = 8192
"""Texts whose reading is remembered: a register has far fewer dates than rows."""

_CERTAIN_CENTURY: Final = 69
"""The first two-digit year that POSIX, and so `strptime`, takes for the 1900s."""

_NO_TIME: Final = "a date without a time, or its form in date_formats"
_DAY_ENDS: Final = frozenset({"0:00", "00:00", "23:59"})
_TWO_DAYS: Final = (
    "days without a time, or a format in date_formats that says what the zone means: "
    "this begins or ends another day in its zone than it is at the office"
)
_NO_EXPIRY: Final = frozenset(
    {
        *("长期", "長期", "长期有效", "長期有效", "永久", "永久有效", "永续", "永續"),
        *("无期限", "無期限", "无固定期限", "無固定期限", "无限期", "無限期"),
        *("no expiry", "no expiration", "no expiry date", "never expires", "perpetual"),
        *("permanent", "indefinite", "does not expire", "non-expiring"),
    }
)
_LAST_OF_DAYS: Final = re.compile(r"9999[-/.年]?12[-/.月]?31")
"""How the last day of databases begins: their word for a permit without an end."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text that is no certain day, and what was expected instead."""

    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DateForms:
    """How a column writes days, beside the forms that are certain by themselves.

    `formats` are strptime's, or EXCEL, EXCEL_1904, MINGUO. A two-digit year is one of
    the hundred that begin with `two_digit_years_from`; with None, 00 to 68 are the
    2000s and later ones refused. `zone` is that of the office, for instants.
    """

    formats: tuple[str, ...] = ()
    two_digit_years_from: int | None = None
    zone: ZoneInfo | None = None


@lru_cache(maxsize=_CACHED)
def means_no_expiry(text: str) -> bool:
    """Whether a text says that a permit has no end: 长期, no expiry, 9999-12-31."""
    plain = _plain(text)
    return plain.lower() in _NO_EXPIRY or bool(_LAST_OF_DAYS.match(plain))


@lru_cache(maxsize=_CACHED)
def read_day(text: str, forms: DateForms) -> date | Unreadable:
    """Read a day in a form that is certain by itself, or in one of `forms.formats`.

    Certain is a year of four digits before month and day: 2026-12-31, 2026/12/31,
    2026.12.31, 2026年12月31日, 20261231; also with the time 0:00 or 23:59. An instant
    with a zone is the office's day, unless it looks like the edge of another day in its
    own zone or in UTC. Where two readings differ, the text is refused.
    """
    plain = _plain(text)
    readings = [_certain(plain), *(_in_format(plain, f, forms) for f in forms.formats)]
    days = {one for one in readings if isinstance(one, date) and one.year in YEARS}
    if not days:  # a format may say that a Z at the end means nothing
        readings.append(_in_office(plain, forms.zone))
        days |= {one for one in readings[-1:] if isinstance(one, date)}
    if len(days) == 1:
        return days.pop()
    if days:
        return Unreadable(f"a date with one meaning, of {_list_forms(forms.formats)}")
    reasons = (one for one in readings if isinstance(one, Unreadable))
    return next(reasons, Unreadable(_expected(forms.formats)))


def is_complete(form: str) -> bool:
    """Whether a format has a year, a month and a day, so that it names a date."""
    if form in {EXCEL, EXCEL_1904, MINGUO}:
        return True
    day = datetime(2026, 12, 31, tzinfo=UTC)
    try:
        written = day.strftime(form)
    except ValueError:
        return False
    utc = DateForms(zone=ZoneInfo("UTC"))
    # The name of a zone (%Z) would be read and then ignored.
    return "%Z" not in form and _in_format(written, form, utc) == day.date()


def _plain(text: str) -> str:
    """A text with digits and marks as a keyboard has them, and single blanks."""
    if not text.isascii():
        text = fold_marks(normalize("NFKC", remove_invisible(text)))
    return " ".join(strip_blanks(text).split())


def _certain(text: str) -> date | Unreadable | None:
    if whole := _DIGITS.fullmatch(text):
        return _day(*whole.groups())
    found = _YEAR_FIRST.match(text)
    day = _day(*_numbers(found)) if found else None
    if found is None or day is None or found.end() == len(text):
        return day
    clock = _TIME.fullmatch(text, found.end())
    if clock is None:
        return None
    # Any other time may be midnight in another zone, where it is another day.
    return day if clock[1] in _DAY_ENDS else Unreadable(_NO_TIME)


def _in_office(text: str, zone: ZoneInfo | None) -> date | Unreadable | None:
    """The day of an instant with a zone where the office is."""
    try:
        instant = datetime.fromisoformat(text.replace(" UTC", "Z").replace(" +", "+"))
    except ValueError:
        return None
    return _office_day(instant, zone) if instant.tzinfo else None


def _office_day(instant: datetime, zone: ZoneInfo | None) -> date | Unreadable | None:
    if instant.year not in YEARS:
        return None
    if zone is None:
        return Unreadable("a date: an instant has one only where the office is known")
    office, written = instant.astimezone(zone), instant.tzinfo or UTC
    if not _is_edge(office) and any(
        _is_edge_of_another_day(instant, one, office.date()) for one in (UTC, written)
    ):
        return Unreadable(_TWO_DAYS)
    return office.date()


def _is_edge_of_another_day(instant: datetime, zone: tzinfo, day: date) -> bool:
    """Whether an instant was probably written as a day of that zone, not as `day`."""
    there = instant.astimezone(zone)
    return there.date() != day and _is_edge(there)


def _is_edge(moment: datetime) -> bool:
    return f"{moment:%H:%M}" in _DAY_ENDS


def _in_format(text: str, form: str, forms: DateForms) -> date | Unreadable | None:
    if form in _SERIALS:
        serial = _SERIAL.fullmatch(text)
        return _SERIALS[form] + timedelta(int(serial[1])) if serial else None
    if form == MINGUO:
        return _minguo_day(text)
    try:
        parsed = datetime.strptime(text, _plain(form))  # noqa: DTZ007 - %z may be there
    except ValueError:
        return None
    # Without separators, 1122026 could be two days: only full widths are certain.
    if _UNSEPARATED.search(form) and parsed.strftime(form).lower() != text.lower():
        return None
    if parsed.tzinfo is not None:
        return _office_day(parsed, forms.zone)
    return _in_century(parsed.date(), form, forms.two_digit_years_from)


def _in_century(day: date, form: str, first: int | None) -> date | Unreadable | None:
    if "%y" not in form:
        return day
    short = day.year % 100
    if first is not None:
        return _day(first + (short - first) % 100, day.month, day.day)
    if short >= _CERTAIN_CENTURY:
        return Unreadable("a year of four digits, or two_digit_years_from")
    return day


def _minguo_day(text: str) -> date | None:
    found = _MINGUO_DIGITS.fullmatch(text)
    parts = list(found.groups()) if found else []
    if written := _MINGUO.fullmatch(text):
        parts = list(_numbers(written))
    if not parts:
        return None
    year, month, day = parts
    return _day(_BEFORE_MINGUO + (1 if year == "元" else int(year)), month, day)


def _numbers(found: re.Match[str]) -> Iterator[str]:
    """Year, month and day of a match, whichever way they are separated."""
    return (one for one in found.groups() if one and one not in "-/.")


def _day(year: int | str, month: int | str, day: int | str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _expected(formats: Sequence[str]) -> str:
    if formats:
        return f"a date like 2026-12-31, or written {_list_forms(formats)}"
    return EXPECTED_DAY


def _list_forms(formats: Sequence[str]) -> str:
    return " or ".join(formats)
