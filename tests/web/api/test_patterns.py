"""The patterns in /openapi.json accept exactly what the domain accepts."""

import re
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.domain.errors import InvalidError
from service.domain.reports.period import parse_iso_week
from service.domain.untrusted.raw_fields import RawFields
from service.web.api.patterns import DAY, LINE, OPTIONAL_LINE, WEEK

BASIC_PLANE = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]


@pytest.mark.parametrize("form", ["{}", "a{}", "{}a", "a{}b", "{} \t", "\ufeffa {}"])
def test_a_line_is_one_to_the_schema_that_is_one_to_the_domain(form: str) -> None:
    line, optional = re.compile(LINE), re.compile(OPTIONAL_LINE)
    for character in BASIC_PLANE:
        text = form.format(character)
        raw = RawFields({"line": text})
        found = raw.text("line", 64)
        assert bool(optional.search(text)) is not bool(raw.mistakes), ascii(text)
        assert bool(line.search(text)) is (found is not None), ascii(text)


def test_a_day_is_one_to_the_schema_that_is_one_to_the_domain() -> None:
    pattern = re.compile(f"^{DAY}$")
    days = [date(1949, 1, 1) + timedelta(number) for number in range(92_000)]
    for day in days:
        assert bool(pattern.search(day.isoformat())) is (1950 <= day.year <= 2200)
    for text in ("2023-02-29", "2100-02-29", "2024-04-31", "2024-13-01", "2024-00-01"):
        assert not pattern.search(text)


def test_a_week_is_one_to_the_schema_that_is_one_to_the_domain() -> None:
    pattern = re.compile(WEEK)
    for year in range(1948, 2203):
        for week in (0, 1, 9, 10, 52, 53, 54):
            text = f"{year}-W{week:02}"
            assert bool(pattern.search(text)) is is_week(text), text


def is_week(text: str) -> bool:
    try:
        parse_iso_week(text, ZoneInfo("Asia/Shanghai"))
    except InvalidError:
        return False
    return True
