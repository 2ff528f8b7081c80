from datetime import date, timedelta

import pytest

from service.domain.reminders.volume_guard import (
    DayOpening,
    allowed,
    day_held_reason,
    forecast_today,
)

TODAY = date(2024, 9, 19)
DAY = timedelta(days=1)
QUIET = DayOpening({}, {}, 0)


@pytest.mark.parametrize(
    ("forecast", "limit"),
    [(0, 50), (1, 50), (16, 50), (17, 51), (96, 288), (100_000, 300_000)],
)
def test_a_day_may_bring_three_times_its_forecast_and_always_fifty(
    forecast: int, limit: int
) -> None:
    assert allowed(forecast) == limit


@pytest.mark.parametrize(
    ("frozen", "last", "dawn", "forecast"),
    [
        ({}, None, DayOpening({TODAY: 40}, {}, 0), 40),
        ({}, None, DayOpening({TODAY: 40, TODAY + DAY: 7}, {}, 0), 40),
        ({}, None, DayOpening({TODAY: 40}, {TODAY - 9 * DAY: 5}, 3), 48),
        ({TODAY: 20}, TODAY - DAY, QUIET, 20),
        ({TODAY: 20}, TODAY - DAY, DayOpening({TODAY: 900}, {}, 0), 20),
        ({TODAY: 20}, TODAY - DAY, DayOpening({TODAY: 20}, {}, 30), 50),
        ({TODAY: 20}, TODAY - DAY, DayOpening({}, {TODAY - DAY: 12}, 0), 32),
        ({TODAY: 0}, TODAY - 3 * DAY, QUIET, 0),
    ],
    ids=[
        "the first day takes what the registers say",
        "but not what comes tomorrow",
        "and all that waits",
        "a written forecast stands",
        "whatever was registered since",
        "what an earlier day let through comes on top",
        "a day without forecast takes what it missed",
        "a day of nothing is one of nothing",
    ],
)
def test_a_day_expects_its_stored_forecast_and_what_was_left_over(
    frozen: dict[date, int], last: date | None, dawn: DayOpening, forecast: int
) -> None:
    assert forecast_today(TODAY, frozen, last, dawn) == forecast


@pytest.mark.parametrize(
    ("missed", "last", "forecast"),
    [
        ({4: 20, 3: 20, 2: 20, 1: 20}, 5, 100),
        ({4: 900, 3: 20, 2: 20, 1: 20}, 5, 100),
        ({4: 5}, 5, 25),
        ({4: 20}, 4, 40),
        ({5: 20}, 4, 20),
        ({90: 300}, 4, 20),
    ],
    ids=[
        "days on which nothing ran were expected",
        "as far as they were expected",
        "and are still to come",
        "that on which it stopped may have been missed too",
        "one before was not: who comes in there is late",
        "however long before",
    ],
)
def test_days_without_a_running_process_count_with_their_stored_forecasts(
    missed: dict[int, int], last: int, forecast: int
) -> None:
    frozen = {TODAY - ago * DAY: 20 for ago in range(6)}
    unborn = {TODAY - ago * DAY: count for ago, count in missed.items()}
    assert (
        forecast_today(TODAY, frozen, TODAY - last * DAY, DayOpening({}, unborn, 0))
        == forecast
    )


@pytest.mark.parametrize(
    ("forecast", "over"), [(96, "more than 3 times"), (16, "above 50")]
)
def test_a_held_day_says_its_figures_and_how_to_confirm_it(
    forecast: int, over: str
) -> None:
    assert day_held_reason(1204, forecast, "990000") == (
        f"1,204 reminders today, forecast {forecast}: {over}; "
        "`permit-reminders resume office:990000` confirms them"
    )
