from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from service.adapters.calendars.holidays import calendars
from service.domain.errors import UnknownError
from service.domain.law.period import Period
from service.domain.law.rule import Reference, Rule, Step, Version
from service.domain.lawbook.law import Law
from tests.domain.offices import LINJIANG, WORDS

PROVINCE = replace(LINJIANG, sends_from=time(10))
CITY = replace(PROVINCE, code="990100", parent="990000", sends=False)
COUNTY = replace(
    CITY, code="990101", parent="990100", margin_working_days=1, sends_from=time(8)
)
ORPHAN = replace(PROVINCE, code="880000", sends=False)
VERSION = Version(
    rule="xx-permit",
    in_force_from=date(2020, 1, 1),
    closes=Period("expiry", 30, "day", "working"),
    steps=(Step("last-call", Period("closing", 5, "day", "working"), "last-call"),),
    reference=Reference("A law", "Article 1", date(2026, 11, 22), "example"),
)
RULE = Rule(
    code="xx-permit",
    name=WORDS,
    certificate=WORDS,
    action=WORDS,
    calendar="CN",
    holder="any",
    validity="5 years",
    number_tail=4,
    versions=(VERSION,),
)
OFFICES = {one.code: one for one in (PROVINCE, CITY, COUNTY, ORPHAN)}
LAW = Law({RULE.code: RULE}, OFFICES, calendars())


def test_the_nearest_office_above_that_sends_is_the_sender() -> None:
    assert LAW.sending_office("990101") is PROVINCE
    assert LAW.sending_office("990000") is PROVINCE


def test_an_office_nobody_sends_for_is_told() -> None:
    with pytest.raises(UnknownError, match="sender for authority '880000'"):
        LAW.sending_office("880000")


def test_the_county_counts_and_the_province_sends() -> None:
    found = LAW.ladder("xx-permit", VERSION, "990101", date(2026, 12, 31))
    assert found.window.closes_on == date(2026, 11, 17)
    assert found.slots[0].due_at == datetime(2026, 11, 10, 2, tzinfo=UTC)


def test_a_province_has_its_cities_and_their_counties_below() -> None:
    assert LAW.subtree("990000") == ("990000", "990100", "990101")
    assert LAW.subtree("990101") == ("990101",)


def test_the_only_office_is_meant_where_none_is_named() -> None:
    alone = Law({}, {"990000": PROVINCE}, {})
    assert alone.default_authority(None) is PROVINCE
    assert LAW.default_authority("990100") is CITY
    with pytest.raises(UnknownError, match=r"unknown authority '\(none named\)'"):
        LAW.default_authority(None)


def test_a_ladder_is_computed_once() -> None:
    asked = ("xx-permit", VERSION, "990000", date(2026, 12, 31))
    assert LAW.ladder(*asked) is LAW.ladder(*asked)


def test_versions_and_calendars_are_found_by_name() -> None:
    assert LAW.version("xx-permit@2020-01-01.1") is VERSION
    assert LAW.calendar("US").code == "US"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("rule", "unknown rule 'x'; known: xx-permit"),
        ("authority", "unknown authority 'x'; known: 880000, 990000"),
        ("calendar", "unknown calendar 'x'; known: CN, GB, US"),
        ("version", "unknown version 'x'; known: xx-permit@2020-01-01.1"),
    ],
)
def test_what_is_not_loaded_is_named_with_what_is(kind: str, message: str) -> None:
    with pytest.raises(UnknownError) as refusal:
        getattr(LAW, kind)("x")
    assert str(refusal.value).startswith(message)
