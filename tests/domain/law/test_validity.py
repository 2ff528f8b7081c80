from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from service.domain.law.authority import Authority
from service.domain.law.rule import BilingualText

OFFICE = Authority(
    code="510100",
    name=BilingualText("临江市", "Linjiang"),
    zone=ZoneInfo("Asia/Shanghai"),
    calendar="CN",
    signature=BilingualText("临江", "Linjiang"),
    apply_at=BilingualText("政务大厅", "the hall"),
    helpline="12345",
    opt_out=BilingualText("回复TD退订", "Reply STOP to opt out"),
    sends_from=time(9, 30),
    sends_until=time(17, 30),
)
LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        ("2024-01-29T09:30+08:00", 8 * 3600),
        ("2024-01-29T01:30+00:00", 8 * 3600),
        ("2024-01-29T17:29:59+08:00", 1),
        ("2024-01-29T17:30+08:00", 0),
        ("2024-01-29T20:00+08:00", -9000),
        ("2024-01-29T23:59+00:00", 9 * 3600 + 31 * 60),
    ],
)
def test_a_text_is_valid_until_the_office_stops_texting_that_day(
    now: str, seconds: float
) -> None:
    assert OFFICE.validity_seconds(datetime.fromisoformat(now), LATER) == seconds


def test_a_text_is_valid_no_longer_than_its_step() -> None:
    now = datetime.fromisoformat("2024-01-29T10:00+08:00")
    until_at = datetime.fromisoformat("2024-01-29T11:00+08:00")
    assert OFFICE.validity_seconds(now, until_at) == 3600


def test_the_day_of_a_change_of_clocks_is_an_hour_longer() -> None:
    berlin = replace(OFFICE, zone=ZoneInfo("Europe/Berlin"), sends_until=time(17))
    midnight = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert berlin.validity_seconds(midnight, LATER) == 18 * 3600
