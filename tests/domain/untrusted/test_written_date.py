from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.untrusted.written_date import (
    EXCEL,
    EXCEL_1904,
    MINGUO,
    DateForms,
    Unreadable,
    is_complete,
    means_no_expiry,
    read_day,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
DAY = date(2024, 3, 1)
US, EUROPEAN = "%m/%d/%Y", "%d/%m/%Y"
WITH_ZONE = "%Y-%m-%dT%H:%M:%S%z"
FULL_WIDTH = {ord(one): ord(one) + 0xFEE0 for one in "0123456789-/.:"}

days = st.dates(date(1950, 1, 1), date(2200, 12, 31))
zones = st.sampled_from([SHANGHAI, NEW_YORK, ZoneInfo("Pacific/Kiritimati")])


@pytest.mark.parametrize(
    "text",
    [
        *("2024-03-01", "2024/3/1", "2024/03/01", "2024.3.1", "2024-3-1", "20240301"),
        *("2024年3月1日", "2024年03月01日", "2024 年 3 月 1 日", "2024年3月1号"),
        *("\u200e2024-03-01", "2024\u201303\u201301", " 2024. 3. 1 "),
        *("2024-03-01T00:00:00", "2024-03-01T00:00:00.000", "2024/3/1 0:00"),
        *("2024-03-01 00:00", "2024年3月1日 0:00:00", "2024-03-01 23:59:59"),
    ],
)
def test_a_year_first_is_certain_whatever_the_formats(text: str) -> None:
    assert read_day(text, DateForms()) == DAY
    assert read_day(text, DateForms(formats=(EUROPEAN, EXCEL, "%d.%m.%y"))) == DAY


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("03/01/2024", (US,)),
        ("01/03/2024", (EUROPEAN,)),
        ("1 Mar 2024", (US, "%d %b %Y")),
        ("01032024", ("%d%m%Y",)),
        ("03/01/24", ("%m/%d/%y",)),
        ("2024-03-01 08:30", ("%Y-%m-%d %H:%M",)),
        ("2024-03-01T20:00:00Z", ("%Y-%m-%dT%H:%M:%SZ",)),
        ("45352", (EXCEL,)),
        ("45352.0", (EXCEL,)),
        ("45352.75", (EXCEL,)),
        ("43890", (EXCEL_1904,)),
        ("民國113年3月1日", (MINGUO,)),
        ("中華民國 113 年 3 月 1 日", (MINGUO,)),
        ("113/3/1", (MINGUO,)),
        ("113.03.01", (MINGUO,)),
        ("1130301", (MINGUO,)),
    ],
)
def test_other_forms_are_read_only_as_the_mapping_says(
    text: str, formats: tuple[str, ...]
) -> None:
    assert read_day(text, DateForms(formats=formats)) == DAY
    assert isinstance(read_day(text, DateForms()), Unreadable)


@pytest.mark.parametrize(
    ("text", "formats", "expected"),
    [
        ("03/01/2024", (US, EUROPEAN), "a date with one meaning, of %m/%d/%Y or %d"),
        ("2024-03-01", ("%Y-%d-%m",), "a date with one meaning, of %Y-%d-%m"),
        ("45352", (EXCEL, EXCEL_1904), "a date with one meaning, of excel or excel-1"),
        ("1122026", ("%d%m%Y",), "a date like 2026-12-31, or written %d%m%Y"),
        ("113/3/1", (EXCEL,), "a date like 2026-12-31, or written excel"),
        ("12/31/2026", ("%m/%d/%y",), "a date like 2026-12-31, or written %m/%d/%y"),
        ("12/31/69", ("%m/%d/%y",), "a year of four digits, or two_digit_years_from"),
        ("31/12/2026", (), "a date like 2026-12-31, from 1950 to 2200"),
        ("1949-12-31", (), "a date like 2026-12-31, from 1950 to 2200"),
        ("2026-02-30", (), "a date like"),
        ("2024-03-01 08:30", (), "a date without a time"),
        ("2024-03-01T00:00:00Z", (), "a date: an instant has one only where the offic"),
        ("2024-03-01 00:00:00 PST", (), "a date like"),
        ("0000-00-00", (), "a date like"),
        ("长期", (), "a date like"),
    ],
)
def test_what_is_not_certain_is_refused(
    text: str, formats: tuple[str, ...], expected: str
) -> None:
    found = read_day(text, DateForms(formats=formats))
    assert isinstance(found, Unreadable)
    assert found.expected.startswith(expected)


@pytest.mark.parametrize("text", ["03/13/2024", "13/03/2024"])
def test_the_only_format_that_fits_gives_the_day(text: str) -> None:
    assert read_day(text, DateForms(formats=(US, EUROPEAN))) == date(2024, 3, 13)


def test_formats_that_agree_give_their_day() -> None:
    assert read_day("05/05/2024", DateForms(formats=(US, EUROPEAN))) == date(2024, 5, 5)


@pytest.mark.parametrize(
    ("first", "text", "year"),
    [(1970, "69", 2069), (1970, "70", 1970), (1999, "98", 2098), (1950, "50", 1950)],
)
def test_a_mapping_says_which_century_two_digits_mean(
    first: int, text: str, year: int
) -> None:
    forms = DateForms(formats=("%m/%d/%y",), two_digit_years_from=first)
    assert read_day(f"03/01/{text}", forms) == date(year, 3, 1)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2024-02-29T16:00:00Z", SHANGHAI),
        ("2024-02-29 16:00:00+00", SHANGHAI),
        ("2024-03-01T00:00:00+08:00", SHANGHAI),
        ("2024-03-02 12:30:00 +0800", NEW_YORK),
        ("2024-03-01 16:30:00 UTC", NEW_YORK),
    ],
)
def test_an_instant_has_the_day_of_the_office(text: str, zone: ZoneInfo) -> None:
    assert read_day(text, DateForms(zone=zone)) == DAY


@pytest.mark.parametrize(
    ("text", "zone", "day"),
    [
        ("2027-12-31T23:59:59Z", SHANGHAI, None),
        ("2027-12-31T23:59Z", SHANGHAI, None),
        ("2027-12-31T23:58:59Z", SHANGHAI, date(2028, 1, 1)),
        ("2027-12-31T00:00:00Z", SHANGHAI, date(2027, 12, 31)),
        ("2027-12-31T16:00:00Z", SHANGHAI, date(2028, 1, 1)),
        ("2027-12-31T15:59:59Z", SHANGHAI, date(2027, 12, 31)),
        ("2026-12-31T00:00:00Z", NEW_YORK, None),
        ("2026-12-31T00:00:00.000+00:00", NEW_YORK, None),
        ("2026-12-31T00:01:00Z", NEW_YORK, date(2026, 12, 30)),
        ("2026-12-31T23:59:59Z", NEW_YORK, date(2026, 12, 31)),
        ("2026-12-31T05:00:00Z", NEW_YORK, date(2026, 12, 31)),
        ("2027-01-01T04:59:59Z", NEW_YORK, date(2026, 12, 31)),
        ("2026-07-01T03:59:59Z", NEW_YORK, date(2026, 6, 30)),
        ("2026-12-31T00:00:00+08:00", NEW_YORK, None),
        ("2026-12-31T08:00:00+08:00", NEW_YORK, None),
        ("2026-12-31T23:59:59-05:00", SHANGHAI, None),
        ("2026-12-31T12:00:00-05:00", SHANGHAI, date(2027, 1, 1)),
        ("2026-12-31T00:00:00Z", ZoneInfo("Europe/London"), date(2026, 12, 31)),
        ("2026-06-30T23:59:59Z", ZoneInfo("Europe/London"), None),
        ("2026-06-30T23:00:00Z", ZoneInfo("Europe/London"), date(2026, 7, 1)),
    ],
)
def test_an_edge_of_another_day_than_the_offices_is_refused(
    text: str, zone: ZoneInfo, day: date | None
) -> None:
    for forms in (DateForms(zone=zone), DateForms(zone=zone, formats=(WITH_ZONE,))):
        found = read_day(text, forms)
        if day is None:
            assert isinstance(found, Unreadable)
            assert found.expected.startswith("days without a time, or a format")
        else:
            assert found == day


def test_a_format_says_that_the_zone_of_a_day_means_nothing() -> None:
    forms = DateForms(zone=NEW_YORK, formats=("%Y-%m-%dT%H:%M:%SZ",))
    assert read_day("2024-03-01T00:00:00Z", forms) == DAY


@pytest.mark.parametrize(
    "text",
    [
        *("长期", " 长期有效 ", "永久", "无固定期限", "無固定期限", "No Expiry"),
        *("never expires", "9999-12-31", "9999/12/31 23:59:59", "99991231"),
    ],
)
def test_words_and_the_last_day_of_databases_mean_no_expiry(text: str) -> None:
    assert means_no_expiry(text)


@pytest.mark.parametrize("text", ["", "长", "2099-12-31", "99990", "无", "9999"])
def test_other_words_do_not_mean_no_expiry(text: str) -> None:
    assert not means_no_expiry(text)


@pytest.mark.parametrize(
    "form",
    [
        *(US, "%Y%m%d", "%d %B %Y", "%m/%d/%y", "%Y-%m-%dT%H%z", "%Y年%m月%d日"),
        *(EXCEL, EXCEL_1904, MINGUO, "%Y-%j"),
    ],
)
def test_a_format_with_a_year_a_month_and_a_day_is_complete(form: str) -> None:
    assert is_complete(form)


@pytest.mark.parametrize("form", ["%d.%m.", "yyyy", "%", "%Y-%m-%d %Z", "%z", "%H:%M"])
def test_a_format_without_a_certain_day_is_not(form: str) -> None:
    assert not is_complete(form)


@given(days)
def test_every_certain_form_of_a_day_is_that_day(day: date) -> None:
    year, month, number = day.timetuple()[:3]
    for text in (
        day.isoformat(),
        f"{day:%Y%m%d}",
        f"{year}/{month}/{number}",
        f"{year}.{month}.{number}",
        f"{year}年{month}月{number}日",
        f"{day} 00:00:00.000",
        f"{day}T23:59:59",
    ):
        assert read_day(text, DateForms()) == day
        assert read_day(text.translate(FULL_WIDTH), DateForms()) == day


@given(days)
def test_every_form_that_a_mapping_names_is_that_day(day: date) -> None:
    minguo = day.year - 1911
    serial = (day - date(1899, 12, 30)).days
    for form, text in (
        (EXCEL, str(serial)),
        (EXCEL, f"{serial}.0"),
        (EXCEL_1904, str(serial - 1462)),
        (MINGUO, f"民國{minguo}年{day.month}月{day.day}日"),
        (MINGUO, f"{minguo}/{day.month}/{day.day}"),
        (MINGUO, f"{minguo}{day:%m%d}"),
        *((one, f"{day:{one}}") for one in (US, EUROPEAN, "%d%m%Y", "%d %B %Y")),
    ):
        assert read_day(text, DateForms(formats=(form,))) == day


@given(days, st.times(), zones, zones)
def test_an_instant_of_any_zone_is_a_day_of_the_office(
    day: date, clock: time, office: ZoneInfo, writer: ZoneInfo
) -> None:
    instant = datetime.combine(day, clock, writer)
    found = read_day(instant.isoformat(), DateForms(zone=office))
    if isinstance(found, Unreadable):
        edges = {one.strftime("%H:%M") for one in (instant, instant.astimezone(UTC))}
        assert edges & {"00:00", "23:59"}
    else:
        assert found == instant.astimezone(office).date()


@given(st.text(max_size=24), st.sampled_from([(), (US,), (EXCEL,), (MINGUO,)]))
def test_any_text_is_a_day_or_refused(text: str, formats: tuple[str, ...]) -> None:
    found = read_day(text, DateForms(formats=formats, zone=SHANGHAI))
    assert isinstance(found, date | Unreadable)
    means_no_expiry(text)
