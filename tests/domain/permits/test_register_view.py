"""The newest change of a view, and from when it is read again."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from service.domain.permits.register_view import (
    HighWaterMark,
    RegisterView,
    find_mark,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
CHINA = timezone(timedelta(hours=8))
VIEW = RegisterView(database_env="REGISTER", name="licences", changed_at="changed")


@pytest.mark.parametrize(
    ("value", "since"),
    [
        (datetime(2026, 11, 30, 10, 30), datetime(2026, 11, 30, 9, 30)),  # noqa: DTZ001
        (
            datetime(2026, 11, 30, 10, tzinfo=CHINA),
            datetime(2026, 11, 30, 9, tzinfo=CHINA),
        ),
        ("2026-11-30 00:30:00.123456", "2026-11-29 23:30:00"),
        ("2026-11-30T10:00:00+08:00", "2026-11-30T09:00:00"),
        ("2026-11-30T10:00Z", "2026-11-30T09:00:00"),
        ("2026-11-30", "2026-11-29"),
    ],
)
def test_rows_are_read_again_from_an_hour_before_the_newest_change(
    value: datetime | str, since: datetime | str
) -> None:
    mark = find_mark(None, value, NOW)
    assert mark is not None
    assert VIEW.since(HighWaterMark.parse(str(mark))) == since


def test_a_text_without_fraction_sorts_before_all_of_its_second() -> None:
    since = HighWaterMark("2026-11-30 10:00:00.5").before(timedelta(0))
    assert isinstance(since, str)
    assert since < "2026-11-30 10:00:00+08:00"
    assert since < "2026-11-30 10:00:00.000001"
    assert since <= "2026-11-30 10:00:00"


def test_the_mark_is_the_newest_change_that_is_not_still_to_come() -> None:
    mark = None
    for value in ("2026-11-29 23:00", "2026-11-28 10:00", None, "2099-01-01 00:00"):
        mark = find_mark(mark, value, NOW)
    assert mark == HighWaterMark("2026-11-29 23:00")
    ahead = "2026-12-01 02:00:00"  # it may be local time, far in the east
    assert find_mark(mark, ahead, NOW) == HighWaterMark(ahead)


@pytest.mark.parametrize("value", [17, 1.5, "yesterday", "20261130T100000", b"x"])
def test_other_values_are_no_instants(value: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        find_mark(None, value, NOW)


def test_texts_of_two_forms_are_not_compared() -> None:
    mark = HighWaterMark("2026-11-29T08:00:00")
    assert find_mark(mark, "2026-11-29", NOW) == mark
    with pytest.raises(ValueError):  # noqa: PT011 - its reader says what is wrong
        find_mark(mark, "2026-11-29 23:00:00", NOW)
