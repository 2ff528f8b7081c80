import json
import tomllib
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.calendars.office_year import CalendarYear
from service.domain.errors import InvalidError
from service.domain.lawbook.documents import calendar_year_to_dict
from service.formats.calendar_year import parse_calendar_year

NOTICE = """
calendar = "CN"
year = 2027
published = true
source = "a notice"
worked = [2027-02-20]
[[off]]
day = 2027-02-05
name = "Spring Festival"
[[off]]
day = 2027-02-08
"""

Values = dict[str, Any]


def notice(**changes: object) -> Values:
    values = tomllib.loads(NOTICE) | changes
    return {key: value for key, value in values.items() if value is not None}


def read(**changes: object) -> CalendarYear:
    return parse_calendar_year(notice(**changes), "2027.toml", calendars=("CN", "US"))


def mistakes(**changes: object) -> list[str]:
    with pytest.raises(InvalidError) as refusal:
        read(**changes)
    assert refusal.value.where == "2027.toml"
    return [str(mistake) for mistake in refusal.value.mistakes]


def off(*days: object) -> list[Values]:
    return [{"day": day} for day in days]


def test_a_year_says_whose_days_they_are_and_where_they_stand() -> None:
    assert read() == CalendarYear(
        calendar="CN",
        year=2027,
        off={date(2027, 2, 5): "Spring Festival", date(2027, 2, 8): "office"},
        worked=frozenset({date(2027, 2, 20)}),
        published=True,
        source="a notice",
    )


def test_days_may_be_text_as_in_json() -> None:
    assert read(worked=["2027-02-20"], off=off("2027-02-08")).off == {
        date(2027, 2, 8): "office"
    }


def test_an_office_may_take_back_all_its_days() -> None:
    own = read(published=False, off=None, worked=None)
    assert (own.off, own.worked) == ({}, frozenset())


def test_an_office_may_work_on_a_holiday() -> None:
    assert read(published=False, worked=[date(2027, 10, 1)]).worked


@pytest.mark.parametrize("day", [date(2026, 12, 29), date(2027, 12, 31)])
def test_a_year_begins_on_29_december_before_it(day: date) -> None:
    assert day in read(off=off(day)).off


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"calendar": "XX"}, 'calendar: found "XX", expected one of CN, US'),
        ({"year": 1999}, "year: found 1999, expected a year from 2000 to 2100"),
        ({"year": 2101}, "year: found 2101, expected a year from 2000 to 2100"),
        ({"year": 2027.0}, "year: found 2027.0, expected a year from"),
        ({"year": True}, "year: found True, expected a year from"),
        ({"published": None}, "published: found nothing, expected true or false"),
        ({"source": " "}, 'source: found " ", expected some text'),
        ({"colour": "red"}, "colour: found an unknown key, expected only calendar"),
        ({"off": None}, "off: found nothing, expected a list of 1 or more tables"),
        ({"off": []}, "off: found [], expected a list of 1 or more tables"),
        ({"off": [date(2027, 2, 5)]}, "expected a table"),
        ({"off": [{"on": 1}]}, "off[1].day: found nothing, expected a date like"),
        ({"off": off("5 May")}, 'off[1].day: found "5 May", expected a date like'),
        (
            {"off": off(date(2026, 12, 28))},
            "off[1].day: found 2026-12-28, expected a day from 2026-12-29 to 2027",
        ),
        (
            {"off": off(date(2028, 1, 1))},
            "off[1].day: found 2028-01-01, expected a day from 2026-12-29 to 2027",
        ),
        (
            {"off": off("2027-02-05", "2027-02-05")},
            "off[2].day: found 2027-02-05, expected another day than off[1].day",
        ),
        (
            {"off": off("2027-02-20")},
            "worked[1]: found 2027-02-20, expected another day than off[1].day",
        ),
        ({"worked": "2027-02-20"}, 'worked: found "2027-02-20", expected a list of'),
        ({"worked": None, "year": None}, "year: found nothing, expected a year from"),
        ({"worked": [20]}, "worked[1]: found 20, expected a date like 2026-12-31"),
        (
            {"worked": ["2027-02-22"]},
            'worked[1]: found "2027-02-22", expected a Saturday or Sunday',
        ),
        ({"off": off(*["x"] * 367)}, "expected at most 366 of them"),
        ({"worked": ["x"] * 367}, "expected at most 366 of them"),
    ],
)
def test_a_mistake_names_key_value_and_what_was_expected(
    changes: Values, mistake: str
) -> None:
    found = mistakes(**changes)
    assert any(mistake in line for line in found), found


def test_all_mistakes_come_together() -> None:
    found = mistakes(
        calendar="XX",
        source=None,
        off=off("x", "2028-01-01"),
        worked=["y", "2027-02-22"],
    )
    assert [line.split(":")[0] for line in found] == [
        "calendar",
        "source",
        "off[1].day",
        "off[2].day",
        "worked[1]",
        "worked[2]",
    ]


def test_too_many_days_are_one_mistake() -> None:
    assert len(mistakes(worked=["x"] * 100_000)) == 1


SOME_DAYS = st.frozensets(st.dates(date(2026, 12, 29), date(2027, 12, 31)), max_size=20)


@given(SOME_DAYS, SOME_DAYS, st.text("年节ab ", min_size=1).filter(str.strip))
def test_a_year_survives_being_stored_as_json(
    off: frozenset[date], worked: frozenset[date], name: str
) -> None:
    named = dict.fromkeys(off, name.strip())
    told = CalendarYear("CN", 2027, named, worked - off, published=False, source="us")
    stored = json.loads(json.dumps(calendar_year_to_dict(told), ensure_ascii=False))
    assert parse_calendar_year(stored, "stored", calendars=("CN",)) == told
