import json
import math
import os
import tomllib
from dataclasses import replace
from datetime import time
from errno import EMFILE
from functools import partial
from typing import Any, Self
from zoneinfo import ZoneInfo

import pytest

from service.domain.errors import InvalidError, StorageError
from service.domain.law.authority import Authority
from service.domain.lawbook.documents import authority_to_dict
from service.domain.untrusted import time_zone
from service.formats.authority import parse_authorities, parse_authority

OFFICE = """
[[authorities]]
code = "990000"
name = { zh = "临江省局", en = "Linjiang" }
zone = "Asia/Shanghai"
calendar = "CN"
signature = { zh = "临江省局", en = "LINJIANG" }
apply_at = { zh = "窗口", en = "the counter" }
helpline = "12345"
opt_out = { zh = "拒收请回复R", en = "Reply R to opt out" }
"""

Values = dict[str, Any]


def office(**changes: object) -> Values:
    values: Values = tomllib.loads(OFFICE)["authorities"][0]
    kept = {key: value for key, value in changes.items() if value is not None}
    return {key: values[key] for key in values if key not in changes} | kept


def read(*offices: Values) -> dict[str, Authority]:
    return parse_authorities(
        {"authorities": list(offices)}, "offices.toml", calendars=("CN", "US")
    )


def mistakes(*offices: Values) -> list[str]:
    with pytest.raises(InvalidError) as refusal:
        read(*offices)
    return [str(mistake) for mistake in refusal.value.mistakes]


def test_an_office_has_sensible_hours_by_default() -> None:
    found = read(office())["990000"]
    assert (found.sends_from, found.sends_until) == (time(9, 30), time(17, 30))
    assert found.sending_days == "working"
    assert found.unqualified_days == "safe"
    assert found.sends


def test_an_office_may_name_its_own_days_and_hours() -> None:
    found = read(
        office(
            sending_days=["monday", "friday"],
            sends_from=time(8),
            sends_until="20:00",
            language="en",
            unqualified_days="calendar",
            margin_working_days=2,
        )
    )["990000"]
    assert found.sending_days == frozenset({1, 5})
    assert found.sends_until == time(20)
    assert found.margin_working_days == 2


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"code": None}, "authorities[1].code: found nothing"),
        ({"zone": "Asia/Chengdu"}, 'zone: found "Asia/Chengdu", expected a time zone'),
        ({"zone": "Asia"}, 'zone: found "Asia", expected a time zone'),
        ({"calendar": "XX"}, 'calendar: found "XX", expected one of CN, US'),
        ({"sends_from": "9.30"}, 'sends_from: found "9.30", expected a time like'),
        ({"sends_until": time(9)}, "sends_until: found 09:00:00, expected after 09:30"),
        ({"sending_days": []}, 'sending_days: found [], expected "working", or a list'),
        ({"sending_days": ["someday"]}, "sending_days: found ['someday']"),
        ({"language": "fr"}, 'language: found "fr", expected one of en, zh'),
        ({"unqualified_days": "bold"}, "expected one of calendar, safe, working"),
        (
            {"margin_working_days": 1.5},
            "found 1.5, expected a whole number from 0 to",
        ),
        ({"margin_working_days": 61}, "found 61, expected a whole number from 0 to 60"),
        ({"messages_per_second": 1e-300}, "expected a number from 0.001 to 1000"),
        ({"segments_per_second": 1e300}, "expected a number from 0.001 to 1000"),
        ({"segments_per_second": math.nan}, "expected a number from 0.001 to 1000"),
        ({"daily_limit": 10**22}, "a whole number from 1 to 1000000000"),
        ({"recipient_daily_limit": 0}, "expected a whole number from 1 to 1000000000"),
        ({"signature": {"zh": "局" * 10_000, "en": "A"}}, "at most 100 characters"),
        ({"helpline": "1" * 101}, "one line, at most 100 characters"),
        ({"name": {"zh": "局", "en": "A" * 301}}, "one line, at most 300 characters"),
        ({"code": "a" * 65}, "joined by hyphens, at most 64 characters"),
        ({"signature": {"zh": "【局】", "en": "A"}}, 'signature.zh: found "【局】"'),
        ({"colour": "red"}, "authorities[1].colour: found an unknown key"),
        ({"parent": "510000"}, 'parent: found "510000", expected the code of one in'),
        ({"sends": False}, "sends: found False, expected true, here or further up"),
        ({"parent": "990000"}, 'parent: found "990000", expected no circle of parents'),
    ],
)
def test_a_mistake_names_key_value_and_what_was_expected(
    changes: Values, mistake: str
) -> None:
    found = mistakes(office(**changes))
    assert any(mistake in line for line in found), found


def test_a_code_is_given_once() -> None:
    assert "authorities[1].code: found" in mistakes(office(), office())[0]


def test_offices_may_not_be_above_each_other() -> None:
    above = office(code="1", parent="2", sends=False)
    below = office(code="2", parent="1")
    assert [line.split(":")[0] for line in mistakes(above, below)] == [
        "authorities[1].parent",
        "authorities[2].parent",
    ]


def test_a_county_may_text_through_its_province() -> None:
    county = office(code="990101", parent="990000", sends=False)
    assert read(office(), county)["990101"].parent == "990000"


INSTALLED = {
    "990000": read(office())["990000"],
    "990100": replace(read(office())["990000"], code="990100", parent="990000"),
}


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"code": "990101", "parent": "990100", "sends": False}, None),
        ({"parent": "990100"}, "no circle of parents"),
        ({"code": "990101", "parent": "880000"}, "the code of one in this file, or"),
    ],
)
def test_an_office_may_stand_below_one_that_is_installed(
    changes: Values, mistake: str | None
) -> None:
    values: Values = {"authorities": [office(**changes)]}
    reading = partial(parse_authorities, values, "offices.toml", calendars=("CN",))
    if mistake is None:
        assert reading(installed=INSTALLED)["990101"].parent == "990100"
        return
    with pytest.raises(InvalidError, match=mistake):
        reading(installed=INSTALLED)


def test_a_single_office_is_read_as_one_of_a_file() -> None:
    alone = parse_authority(
        office(), "authority", calendars=("CN",), installed=INSTALLED
    )
    assert alone == INSTALLED["990000"]
    wrong = office(zone="Asia", colour="red", parent="880000")
    with pytest.raises(InvalidError) as refusal:
        parse_authority(wrong, "authority", calendars=("CN",), installed=INSTALLED)
    assert [one.field for one in refusal.value.mistakes] == ["zone", "colour"]


def test_a_file_without_offices_is_refused() -> None:
    assert mistakes()[0].startswith("authorities: found [], expected a list of 1")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sending_days": ["monday", "sunday"], "sends_from": time(8, 15)},
        {"language": "en", "margin_working_days": 3, "unqualified_days": "working"},
    ],
)
def test_an_office_survives_being_stored_as_json(changes: Values) -> None:
    found = read(office(**changes))["990000"]
    stored = json.loads(json.dumps(authority_to_dict(found), ensure_ascii=False))
    assert read(stored)["990000"] == found


def test_a_process_without_free_file_descriptors_says_so_and_blames_no_zone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Refused(ZoneInfo):
        def __new__(cls, _: str) -> Self:
            raise OSError(EMFILE, os.strerror(EMFILE))

    monkeypatch.setattr(time_zone, "ZoneInfo", Refused)
    with pytest.raises(StorageError, match="Too many open files; raise the limit"):
        read(office())
