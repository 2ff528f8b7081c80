"""The notice for 2026, as TOML and as the three public files mark it, and bad files."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from service.adapters.calendars.files import read_years
from service.adapters.calendars.holidays import china
from service.domain.calendars.calendar import fingerprint
from service.domain.calendars.office_year import overlay_years
from service.domain.errors import InvalidError, SetUpError

DAY = timedelta(days=1)
CODES = ("CN", "US")
BLOCKS = [
    ("元旦", date(2026, 1, 1), date(2026, 1, 3)),
    ("春节", date(2026, 2, 15), date(2026, 2, 23)),
    ("清明节", date(2026, 4, 4), date(2026, 4, 6)),
    ("劳动节", date(2026, 5, 1), date(2026, 5, 5)),
    ("端午节", date(2026, 6, 19), date(2026, 6, 21)),
    ("中秋节", date(2026, 9, 25), date(2026, 9, 27)),
    ("国庆节", date(2026, 10, 1), date(2026, 10, 7)),
]
"""国办发明电〔2025〕7号."""

WORKED = [
    ("元旦", date(2026, 1, 4)),
    ("春节", date(2026, 2, 14)),
    ("春节", date(2026, 2, 28)),
    ("劳动节", date(2026, 5, 9)),
    ("国庆节", date(2026, 9, 20)),
    ("国庆节", date(2026, 10, 10)),
]


def event(summary: str, first: date, last: date, *more: str) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{first}@example.org",
        f"DTSTART;VALUE=DATE:{first:%Y%m%d}",
        f"DTEND;VALUE=DATE:{last + DAY:%Y%m%d}",
        f"SUMMARY:{summary}",
        *more,
        "END:VEVENT",
    ]


def ics(*lines: str, name: str = "CN") -> bytes:
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", f"X-WR-CALNAME:{name}"]
    return "\r\n".join([*head, *lines, "END:VCALENDAR", ""]).encode()


def apple() -> Iterator[str]:
    for name, first, last in BLOCKS:
        mark = "X-APPLE-SPECIAL-DAY:WORK-HOLIDAY"
        yield from event(f"{name}（休）", first, last, mark)
        yield from event(name, last, last, "RRULE:FREQ=YEARLY;COUNT=5")
    for name, day in WORKED:
        mark = "X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY"
        yield from event(f"{name}（班）", day, day, mark)


def day_by_day() -> Iterator[str]:
    for name, first, last in BLOCKS:
        count = (last - first).days + 1
        for step in range(count):
            day = first + step * DAY
            yield from event(f"{name} 假期 第{step + 1}天/共{count}天", day, day)
    for name, day in WORKED:
        yield "BEGIN:VEVENT"
        yield f"DTSTART:{day:%Y%m%d}T090000"
        yield f"DTEND:{day:%Y%m%d}T180000"
        yield f"SUMMARY:{name} 补班 第1天/共1天"
        yield from ("BEGIN:VALARM", "DESCRIPTION:补班提醒", "DTSTART:no", "END:VALARM")
        yield "END:VEVENT"


def in_blocks() -> Iterator[str]:
    yield from ("BEGIN:VTIMEZONE", "DTSTART:19700101T000000", "END:VTIMEZONE")
    for name, first, last in BLOCKS:
        yield from event(f"{name}假期", first, last)
    for name, day in WORKED:
        yield from event(f"上班(补{name}假期)", day, day)


def by_category() -> Iterator[str]:
    for name, first, last in BLOCKS:
        yield from event(f"{name}放假调休", first, last, "CATEGORIES:假期")
    for name, day in WORKED:
        yield from event(f"{name}调休", day, day, "CATEGORIES:节日", "CATEGORIES:上班")


def toml() -> str:
    worked = ", ".join(str(day) for _, day in WORKED)
    head = f'calendar = "CN"\nyear = 2026\npublished = true\nworked = [{worked}]\n'
    rows = [
        f'[[off]]\nday = {first + step * DAY}\nname = "{name}"\n'
        for name, first, last in BLOCKS
        for step in range((last - first).days + 1)
    ]
    return "".join([head, 'source = "国办发明电〔2025〕7号"\n', *rows])


def put(folder: Path, content: bytes, name: str = "days.ics") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("marked", [apple, day_by_day, in_blocks, by_category])
def test_every_public_way_to_mark_days_gives_the_year_that_the_library_has(
    tmp_path: Path, marked: Callable[[], Iterator[str]]
) -> None:
    path = put(tmp_path, ics(*marked(), name="中国法定节假日"))
    [year] = read_years(path, calendars=CODES, calendar="CN", published=True)
    assert year.worked == {day for _, day in WORKED}
    assert len(year.off) == sum((last - first).days + 1 for _, first, last in BLOCKS)
    assert year.source == "days.ics"
    assert fingerprint(overlay_years(china(2025), [year])) == fingerprint(china(2026))


def test_a_year_as_toml_says_all_itself(tmp_path: Path) -> None:
    path = put(tmp_path, toml().encode(), "2026.TOML")
    [year] = read_years(path, calendars=CODES)
    assert year.source == "国办发明电〔2025〕7号"
    assert year.off[date(2026, 2, 17)] == "春节"
    assert fingerprint(overlay_years(china(2025), [year])) == fingerprint(china(2026))


def test_what_a_toml_file_says_itself_is_not_said_beside_it(tmp_path: Path) -> None:
    path = put(tmp_path, toml().encode(), "2026.toml")
    for beside in ({"calendar": "CN"}, {"published": True}):
        with pytest.raises(InvalidError, match="options, expected keys of the"):
            read_years(path, calendars=CODES, **beside)


def test_names_lose_the_marks_and_shared_days_keep_both(tmp_path: Path) -> None:
    first, second = date(2020, 10, 1), date(2020, 10, 2)
    lines = [
        *event(r"国庆节\, 中秋节 假期 第1天/共8天", first, first),
        *event("国庆节（休）", second, second),
        *event("中秋节(休)", second, second),
        *("BEGIN:VEVENT", "DTSTART;VALUE=DATE:20201005", "END:VEVENT"),
    ]
    [year] = read_years(put(tmp_path, ics(*lines)), calendars=CODES)
    assert year.off == {
        first: "国庆节, 中秋节 假期",
        second: "国庆节, 中秋节",
        date(2020, 10, 5): "office",
    }
    assert not year.published


def test_days_from_29_december_belong_to_the_next_year(tmp_path: Path) -> None:
    lines = [
        *event("元旦补班", date(2018, 12, 29), date(2018, 12, 29)),
        *event("元旦", date(2018, 12, 30), date(2019, 1, 1)),
        *event("圣诞", date(2018, 12, 28), date(2018, 12, 28)),
    ]
    years = read_years(put(tmp_path, ics(*lines)), calendars=CODES)
    assert [(year.year, len(year.off), len(year.worked)) for year in years] == [
        (2018, 1, 0),
        (2019, 3, 1),
    ]


@pytest.mark.parametrize(
    ("until", "days"),
    [
        ("DTEND;VALUE=DATE:20260102", 1),
        ("DTEND;VALUE=DATE:20260101", 1),
        ("DTEND;VALUE=DATE:20260104", 3),
        ("DTEND;VALUE=DATE:20260201", 31),
        ("DTEND;TZID=Asia/Shanghai:20260102T000000", 1),
        ("DTEND;TZID=Asia/Shanghai:20260102T000001", 2),
        ("DESCRIPTION:no end", 1),
    ],
)
def test_an_event_ends_on_the_day_before_its_end(
    tmp_path: Path, until: str, days: int
) -> None:
    lines = ["BEGIN:VEVENT", "DTSTART;VALUE=DATE:20260101", until, "END:VEVENT"]
    [year] = read_years(put(tmp_path, ics(*lines)), calendars=CODES)
    assert len(year.off) == days


def test_lines_are_unfolded_even_inside_a_character(tmp_path: Path) -> None:
    content = ics(*in_blocks()).replace("春".encode(), b"\xe6\r\n \x98\r\n\t\xa5")
    [year] = read_years(put(tmp_path, b"\xef\xbb\xbf" + content), calendars=CODES)
    assert year.off[date(2026, 2, 15)] == "春节假期"


def test_a_cancelled_event_does_not_count(tmp_path: Path) -> None:
    day = date(2026, 5, 1)
    lines = [*event("a", day, day), *event("b", day + DAY, day, "STATUS:CANCELLED")]
    [year] = read_years(put(tmp_path, ics(*lines)), calendars=CODES)
    assert list(year.off) == [day]


def test_words_for_work_do_not_hide_in_days_off(tmp_path: Path) -> None:
    lines = [
        *event("International Workers' Day", date(2026, 5, 1), date(2026, 5, 1)),
        *event("Non-working day", date(2026, 5, 2), date(2026, 5, 2)),
        *event("Working day", date(2026, 5, 9), date(2026, 5, 9)),
        *event("Make-up workday", date(2026, 5, 10), date(2026, 5, 10)),
    ]
    [year] = read_years(put(tmp_path, ics(*lines)), calendars=CODES)
    assert sorted(day.day for day in year.off) == [1, 2]
    assert sorted(day.day for day in year.worked) == [9, 10]


FRIDAY, SATURDAY = date(2026, 5, 1), date(2026, 5, 9)


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ([], "file: found no days off, expected an event for each block of them"),
        (["BEGIN:VEVENT", "END:VEVENT"], "line 4: DTSTART: found nothing, expected"),
        (["DTSTART"], "line 4: found 'DTSTART', expected NAME:value in UTF-8"),
        (["END:VEVENT"], "line 4: END: found VEVENT, expected VCALENDAR"),
        (["BEGIN:VEVENT"], "line 5: END: found VCALENDAR, expected VEVENT"),
        (["END:VCALENDAR"], "line 5: END: found VCALENDAR, expected nothing"),
        (
            event("休", FRIDAY, FRIDAY, "RRULE:FREQ=YEARLY"),
            "line 9: RRULE: found FREQ=",
        ),
        (event("休", FRIDAY, FRIDAY, "DURATION:P3D"), "line 9: DURATION: found P3D"),
        (event("休", FRIDAY, FRIDAY - 2 * DAY), "line 7: DTEND: found 20260430"),
        (event("休", FRIDAY, FRIDAY + 31 * DAY), "a day from 2026-05-01 to 2026-06-01"),
        (
            event("劳动节上班", FRIDAY, FRIDAY),
            "line 4: worked: found 2026-05-01, expect",
        ),
        (
            [*event("休", SATURDAY, SATURDAY), *event("班", SATURDAY, SATURDAY)],
            "line 10: worked: found 2026-05-09, expected a make-up workday on",
        ),
        (
            event("休", FRIDAY, FRIDAY, "X-APPLE-SPECIAL-DAY:PARTY"),
            "found PARTY, expected WORK-HOLIDAY or ALTERNATE-WORKDAY",
        ),
    ],
)
def test_a_mistake_names_file_and_line(
    tmp_path: Path, lines: list[str], mistake: str
) -> None:
    path = put(tmp_path, ics(*lines))
    with pytest.raises(InvalidError) as refusal:
        read_years(path, calendars=CODES)
    assert refusal.value.where == str(path)
    assert mistake in str(refusal.value)


@pytest.mark.parametrize(
    "start",
    ["20261301", "2026-01-01", "20260101T010000Z", "19991231", "21010101", "99991231"],
)
def test_a_day_that_is_none_or_depends_on_the_zone_is_refused(
    tmp_path: Path, start: str
) -> None:
    lines = ["BEGIN:VEVENT", f"DTSTART:{start}", "END:VEVENT"]
    with pytest.raises(InvalidError, match=f"line 5: DTSTART: found {start}, expected"):
        read_years(put(tmp_path, ics(*lines)), calendars=CODES)


@pytest.mark.parametrize(
    ("name", "calendar", "mistake"),
    [
        (
            "中国节假日",
            None,
            'line 3: X-WR-CALNAME: found "中国节假日", expected one of CN',
        ),
        ("CN", "DE", 'calendar: found "DE", expected one of CN, US'),
        ("", None, "line 3: X-WR-CALNAME: found nothing, expected one of CN, US"),
    ],
)
def test_a_calendar_nobody_knows_is_refused(
    tmp_path: Path, name: str, calendar: str | None, mistake: str
) -> None:
    path = put(tmp_path, ics(*in_blocks(), name=name))
    with pytest.raises(InvalidError, match=mistake):
        read_years(path, calendars=CODES, calendar=calendar)


def test_a_file_without_a_name_needs_one_beside_it(tmp_path: Path) -> None:
    content = ics(*in_blocks()).replace(b"X-WR-CALNAME:CN\r\n", b"")
    with pytest.raises(InvalidError, match="calendar: found nothing, expected one of"):
        read_years(put(tmp_path, content), calendars=CODES)
    assert read_years(put(tmp_path, content), calendars=CODES, calendar="CN")


@pytest.mark.parametrize(
    ("name", "content", "mistake"),
    [
        ("days.json", b"{}", "file: found days.json, expected a .toml or .ics file"),
        ("days.ics", b"<html>\n" * 999, "found '<html>.*, expected BEGIN:VCALENDAR"),
        ("days.ics", ics(*in_blocks())[:-16], "file: found no end, expected END:VCAL"),
        ("days.ics", ics("SUMMARY:\xff").replace(b"\xc3", b""), "line 4: .* in UTF-8"),
        ("days.toml", b"year = ", "file: found .*, expected TOML in UTF-8"),
        ("days.toml", b"year = 1", "year: found 1, .*\n  published: found nothing, "),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused(
    tmp_path: Path, name: str, content: bytes, mistake: str
) -> None:
    with pytest.raises(InvalidError, match=mistake):
        read_years(put(tmp_path, content, name), calendars=CODES)


def test_mistakes_of_all_lines_come_together(tmp_path: Path) -> None:
    lines = ["BEGIN:VEVENT", "DTSTART:x", "END:VEVENT", *event("班", FRIDAY, FRIDAY)]
    with pytest.raises(InvalidError) as refusal:
        read_years(put(tmp_path, ics(*lines, name="中国")), calendars=CODES)
    assert [mistake.field for mistake in refusal.value.mistakes] == [
        "line 5: DTSTART",
        "line 7: worked",
        "line 3: X-WR-CALNAME",
    ]


@pytest.mark.parametrize("name", ["none.ics", "none.toml"])
def test_a_missing_file_says_what_to_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(SetUpError, match="No such file or directory; name a readable"):
        read_years(tmp_path / name, calendars=CODES)
