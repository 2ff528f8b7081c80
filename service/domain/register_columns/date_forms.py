"""How a column writes its dates, found from the values."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from unicodedata import normalize
from zoneinfo import ZoneInfo

from service.domain.untrusted.written_date import (
    EXCEL,
    MINGUO,
    DateForms,
    means_no_expiry,
    read_day,
)

CERTAIN: Final = "year first"
"""Stands for dates whose year of four digits comes first: they need no format."""

NO_EXPIRY: Final = "no expiry"
"""Stands for words such as 长期 in a column of dates."""

_DAY_FIRST: Final = "day first"
_MONTH_FIRST: Final = "month first"

_ANY_ZONE: Final = ZoneInfo("UTC")
"""Whether a text is an instant does not depend on the office's zone."""

_SERIAL: Final = re.compile(r"[2-8]\d{4}(?:\.\d+)?")
_MINGUO: Final = re.compile(
    r"(?:中[華华])?民[國国].*|\d{2,3}年.*|1\d\d[-/.]\d+[-/.]\d+"
)

_TIMES: Final = (" %H:%M", " %H:%M:%S", " %I:%M:%S %p", " %I:%M %p", "T%H:%M:%S")
_BY_SHAPE: Final[Mapping[str, tuple[str, ...]]] = {
    **{
        f"9{mark}9{mark}9": tuple(
            form.replace("/", mark)
            for form in ("%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%Y/%m/%d")
        )
        for mark in "/-."
    },
    "9-a-9": ("%d-%b-%Y", "%d-%b-%y", "%d-%B-%Y"),
    "9 a 9": ("%d %b %Y", "%d %B %Y", "%d %b %y"),
    "9/a/9": ("%d/%b/%Y", "%d/%b/%y"),
    "a 9, 9": ("%b %d, %Y", "%B %d, %Y"),
    "a 9 9": ("%b %d %Y", "%B %d %Y"),
    "9 a, 9": ("%d %b, %Y", "%d %B, %Y"),
}
"""Formats by how a text looks: 9 is some digits, a some letters."""


@dataclass(frozen=True, slots=True)
class DateColumn:
    """What the dates of a column look like.

    `forms` counts values by strptime format, CERTAIN, EXCEL or NO_EXPIRY; "" counts
    what is no date. `formats` are those to be tried, the frequent ones first. With
    `is_ambiguous` they have day and month in both orders, because no value of the file
    decides. `middle` is the day with as many earlier as later ones.
    """

    forms: Mapping[str, int]
    formats: tuple[str, ...]
    is_ambiguous: bool
    middle: date | None

    @property
    def share(self) -> float:
        """The part of the values that are dates or words for none, of 1."""
        total = sum(self.forms.values())
        return 1 - self.forms.get("", 0) / total if total else 0.0

    @property
    def written(self) -> float:
        """The share without Excel's numbers, which other numbers look like."""
        total = sum(self.forms.values())
        return self.share - self.forms.get(EXCEL, 0) / total if total else 0.0


def find_date_forms(
    values: Mapping[str, int], orders: Collection[str] = ()
) -> DateColumn:
    """Find the formats of a column's values, each with its count.

    02/03/2026 is 2 March or 3 February: a value such as 25/03/2026 decides for its
    column, else `orders` does, which other columns of the file have decided.
    """
    readings = {value: read_forms(value) for value in values}
    decided = orders_of(readings.values()) or {*orders}
    known = decided if len(decided) == 1 else ()
    forms: Counter[str] = Counter()
    days: list[date] = []
    formats: Counter[str] = Counter()
    is_ambiguous = False
    for value, count in values.items():
        found = readings[value]
        if len(found) > 1:
            kept = {form: day for form, day in found.items() if order(form) in known}
            found = kept or found
            is_ambiguous |= len({*found.values()}) > 1
        days += filter(None, [*found.values()][:1])
        forms[next(iter(found), "")] += count
        for form in found:
            if form not in {CERTAIN, NO_EXPIRY}:
                formats[form] += count
    ranked = sorted(formats, key=lambda form: (-formats[form], form))
    middle = sorted(days)[len(days) // 2] if days else None
    return DateColumn(forms, tuple(ranked), is_ambiguous, middle)


def read_forms(value: str) -> dict[str, date | None]:
    """The forms in which a text is a date, each with its day; NO_EXPIRY has none."""
    if means_no_expiry(value):
        return {NO_EXPIRY: None}
    if day := _read(value):
        return {CERTAIN: day}
    forms: dict[str, date | None] = {}
    for form in _candidates(" ".join(normalize("NFKC", value).split())):
        day = _read(value, form)
        known = ((one, order(of)) for of, one in forms.items())
        if day and (day, order(form)) not in known:
            forms[form] = day
    return forms


def orders_of(readings: Iterable[Mapping[str, date | None]]) -> set[str]:
    """Whether day or month comes first, as the values with one reading decide."""
    only = (next(iter(forms)) for forms in readings if len(forms) == 1)
    return {found for form in only if (found := order(form))}


def order(form: str) -> str:
    """Whether a numeric format begins with the day or the month; "" where neither."""
    if form.startswith("%d") and form[3:5] == "%m":
        return _DAY_FIRST
    return _MONTH_FIRST if form.startswith("%m") else ""


def _candidates(text: str) -> Iterator[str]:
    if _SERIAL.fullmatch(text):
        yield EXCEL
    if _MINGUO.fullmatch(text):
        yield MINGUO
    clock = re.search(r"[T ]\d{1,2}:\d\d", text)
    head = text[: clock.start()] if clock else text
    shape = re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", head))
    for form in _BY_SHAPE.get(shape, ()):
        yield from (form + ending for ending in (_TIMES if clock else ("",)))


def _read(text: str, *formats: str) -> date | None:
    day = read_day(text, DateForms(formats=formats, zone=_ANY_ZONE))
    return day if isinstance(day, date) else None
