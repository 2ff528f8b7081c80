"""The forecast by day, from the registers of today."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from service.adapters.store.reports.counts import SqlCountStore
from service.adapters.store.reports.forecast import SqlForecastStore
from service.domain.delivery.outcome import RefusalKind, Refused
from service.domain.errors import InvalidError
from service.domain.law_change.edits import AuthoritiesEdit
from service.domain.reports.period import week_of
from service.flow.reports.forecast import MAX_DAYS, forecast_reminders
from service.flow.reports.weekly import make_report
from tests.flow.law_change.test_change import closing
from tests.flow.ledger import EXPIRES, FOOD, LAST_CALL, OFFICE, PREPARE, Ledger, permit
from tests.flow.sending.guarded_days import DAY, HOUR, many, pass_at


async def days_ahead(ledger: Ledger, days: int = 14) -> Mapping[date, int]:
    """The days of a forecast that have reminders."""
    office = (await ledger.office.current_law()).authority(OFFICE)
    store = SqlForecastStore(ledger.database)
    found = await forecast_reminders(office, days, ledger.office, store, ledger.clock)
    assert len(found) == days
    assert all(one.rules.keys() <= {FOOD} for one in found)
    return {one.day: one.reminders for one in found if one.reminders}


async def test_a_forecast_counts_permits_on_the_days_their_steps_fall_due(
    ledger: Ledger,
) -> None:
    await ledger.register(*many(3), *many(2, EXPIRES + DAY))
    assert await days_ahead(ledger) == {}
    assert await days_ahead(ledger, MAX_DAYS) == {
        date(2024, 9, 19): 3,
        date(2024, 9, 20): 2,
        date(2024, 11, 11): 3,
        date(2024, 11, 12): 2,
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "suspended"},
        {"renewal_filed_on": date(2024, 9, 1)},
        {"expires_on": EXPIRES + timedelta(days=1800)},
    ],
    ids=lambda one: next(iter(one)),
)
async def test_permits_that_would_not_be_reminded_are_not_expected(
    ledger: Ledger, changed: dict[str, Any]
) -> None:
    await ledger.register(permit(), permit("SC-0002"))
    await ledger.register(permit(**changed))
    assert await days_ahead(ledger, 30) == {date(2024, 9, 19): 1}


async def test_a_type_is_expected_from_the_day_it_goes_live(draft: Ledger) -> None:
    await draft.register(*many(3), *many(2, EXPIRES + DAY))
    assert await days_ahead(draft, 30) == {}
    await draft.go_live(FOOD, live_from=PREPARE + HOUR)
    assert await days_ahead(draft, 30) == {date(2024, 9, 20): 2}


async def test_who_was_told_a_later_step_is_not_expected_in_an_earlier_one(
    ledger: Ledger,
) -> None:
    await ledger.register(*many(3))
    assert await pass_at(ledger, LAST_CALL) == 3
    await ledger.change(await closing(ledger, "20 working days before expiry"))
    ledger.clock.move_to(LAST_CALL + HOUR)
    assert await days_ahead(ledger, 30) == {}
    await ledger.register(*many(2, EXPIRES + DAY))
    assert await days_ahead(ledger, 30) == {date(2024, 11, 26): 2}
    assert await pass_at(ledger, LAST_CALL + 15 * DAY + HOUR) == 2


async def test_who_was_told_a_step_is_not_expected_when_the_law_moves_it(
    ledger: Ledger,
) -> None:
    await ledger.register(*many(3))
    assert await pass_at(ledger, PREPARE) == 3
    await ledger.change(await closing(ledger, "20 working days before expiry"))
    ledger.clock.move_to(PREPARE + HOUR)
    expected = {date(2024, 11, 25): 3}
    assert await days_ahead(ledger, MAX_DAYS) == expected, "by its next step"


async def test_todays_forecast_is_of_the_whole_day(ledger: Ledger) -> None:
    await ledger.register(*many(3))
    for now in (PREPARE - 2 * HOUR, PREPARE, PREPARE + 14 * HOUR):
        await pass_at(ledger, now)
        assert await days_ahead(ledger) == {date(2024, 9, 19): 3}
    await pass_at(ledger, PREPARE + 15 * HOUR)
    assert await days_ahead(ledger) == {}, "midnight in Linjiang"


async def test_a_postponed_reminder_is_expected_when_it_is_checked_again(
    draft: Ledger,
) -> None:
    await draft.register(*many(5))
    draft.clock.move_to(PREPARE + 5 * HOUR)
    await draft.go_live(FOOD, catch_up_days=2)
    spread = {date(2024, 9, 19): 3, date(2024, 9, 20): 2}
    assert await days_ahead(draft) == spread
    await pass_at(draft, PREPARE + 6 * HOUR)
    assert await days_ahead(draft) == {date(2024, 9, 20): 2}
    await pass_at(draft, PREPARE + DAY)
    assert await days_ahead(draft) == {}
    await draft.register(permit("SC-0009", phones=("+12125550188",)))
    await draft.brakes.pause("all", "ann", "test", draft.clock.now())
    await draft.expand(PREPARE + 2 * DAY)
    assert await days_ahead(draft) == {date(2024, 9, 21): 1}, "overdue comes today"


async def test_a_reminder_held_on_its_day_is_expected_on_the_next(
    ledger: Ledger,
) -> None:
    office = (await ledger.office.current_law()).authority(OFFICE)
    await ledger.change(AuthoritiesEdit([replace(office, daily_limit=2)]))
    await ledger.register(*many(5))
    assert await pass_at(ledger, PREPARE) == 2
    assert await days_ahead(ledger) == {date(2024, 9, 19): 2, date(2024, 9, 20): 3}
    assert await days_ahead(ledger, 1) == {date(2024, 9, 19): 2}


async def test_a_reminder_without_a_route_is_not_expected(ledger: Ledger) -> None:
    ledger.provider.script = [Refused(RefusalKind.ROUTE, "21408", "HTTP 400")]
    await ledger.register(*many(1))
    assert await pass_at(ledger, PREPARE) == 1
    ledger.clock.move_to(PREPARE + DAY)
    assert await days_ahead(ledger, 60) == {date(2024, 11, 11): 1}, "by its next step"


async def test_the_weekly_report_forecasts_the_same(ledger: Ledger) -> None:
    await ledger.register(*many(3), *many(2, EXPIRES + 2 * DAY))
    ledger.clock.move_to(PREPARE - 5 * DAY)
    law = await ledger.office.current_law()
    office = law.authority(OFFICE)
    week = week_of(ledger.clock.now(), office.zone)
    made = await make_report(
        week, office, ledger.office, SqlCountStore(ledger.database), ledger.clock
    )
    ahead = await days_ahead(ledger)
    following = made.next_period.days
    assert made.forecast == sum(ahead.get(day, 0) for day in following) > 3


@pytest.mark.parametrize("days", [0, -1, MAX_DAYS + 1])
async def test_a_forecast_of_no_days_or_of_too_many_is_refused(
    ledger: Ledger, days: int
) -> None:
    with pytest.raises(InvalidError, match="a number of days from 1 to 90"):
        await days_ahead(ledger, days)


async def test_a_forecast_includes_the_authorities_below_the_office_and_no_others(
    ledger: Ledger,
) -> None:
    await ledger.register(*many(1), permit("SC-9", authority="us-nyc"))
    ledger.clock.move_to(LAST_CALL - 3 * DAY)
    assert await days_ahead(ledger) == {date(2024, 11, 11): 1}
