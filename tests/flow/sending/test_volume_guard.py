"""A day far above its forecast is held until a person confirms it, and no other."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from service.adapters.store.db.health import SqlHealth
from service.adapters.store.sending.volume_guard import SqlVolumeGuardStore
from service.domain.law_change.edits import AuthoritiesEdit
from service.domain.reminders.volume_guard import FREEZE_AHEAD
from service.flow.office.go_live import go_live
from service.flow.sending.volume_guard import check_volume, open_day
from tests.flow.law_change.test_change import closing
from tests.flow.ledger import (
    EXPIRES,
    FOOD,
    LAST_CALL,
    OFFICE,
    PREPARE,
    START,
    Ledger,
)
from tests.flow.once import Once
from tests.flow.sending.guarded_days import (
    DAY,
    HOUR,
    STEADY,
    forecasts,
    guarding,
    many,
    numbered,
    pass_at,
    paused,
)

SCOPE = f"office:{OFFICE}"
COUNTY = "990101"

IN_STEP = EXPIRES - 10 * DAY
"""Permits that expire then are in their first step on the day of `PREPARE`."""

EVE = PREPARE - DAY
"""Wednesday; Thursday's twenty fall due tomorrow."""


async def a_steady_register(ledger: Ledger) -> None:
    thursday, friday = range(20), range(20, STEADY)
    await ledger.register(
        *(numbered(at) for at in thursday),
        *(numbered(at, EXPIRES + DAY) for at in friday),
    )
    assert await pass_at(ledger, EVE) == 0


@pytest.fixture
async def steady(ledger: Ledger, once: Once) -> Ledger:
    """Twenty permits fall due on Thursday, ten on Friday; the service runs."""
    await once(a_steady_register, ledger)
    return ledger


async def test_a_days_forecast_is_written_down_a_week_ahead_and_stands(
    steady: Ledger,
) -> None:
    told = forecasts(steady)
    assert len(told) == 1 + FREEZE_AHEAD.days
    assert {day: count for day, count in told.items() if count} == {
        "2024-09-19": 20,
        "2024-09-20": 10,
    }
    await steady.register(*many(30))
    for now in (EVE + HOUR, PREPARE - HOUR):
        await pass_at(steady, now)
    assert forecasts(steady)["2024-09-19"] == 20
    assert len(forecasts(steady)) == 2 + FREEZE_AHEAD.days


async def test_forecast_reminders_are_sent(steady: Ledger) -> None:
    assert await pass_at(steady, PREPARE + HOUR) == 20
    assert await pass_at(steady, PREPARE + DAY) == 10
    assert await paused(steady) == {}


async def test_what_another_worker_claims_during_the_count_is_counted_once(
    steady: Ledger,
) -> None:
    class Overtaken(SqlVolumeGuardStore):
        async def count_sendable(
            self, now: datetime
        ) -> tuple[datetime, Mapping[str, int]]:
            found = await super().count_sendable(now)
            assert len((await steady.claim()).messages) == sum(found[1].values()) == 60
            return found

    assert await pass_at(steady, PREPARE - HOUR) == 0
    await steady.register(*many(40, IN_STEP))
    await steady.expand(PREPARE)
    await check_volume(replace(guarding(steady), store=Overtaken(steady.database)))
    assert await paused(steady) == {}


async def test_a_wrong_import_sends_nothing_until_an_operator_confirms_it(
    steady: Ledger,
) -> None:
    assert await pass_at(steady, PREPARE) == 20
    await steady.register(*many(100, IN_STEP))
    for later in (1, 2, 26):
        assert await pass_at(steady, PREPARE + later * HOUR) == 0
    reason = (
        "120 reminders today, forecast 20: more than 3 times; "
        "`permit-reminders resume office:990000` confirms them"
    )
    assert await paused(steady) == {SCOPE: reason}
    assert await SqlHealth(steady.database).problems() == {f"paused {SCOPE}": reason}
    assert steady.alarms() == ["volume guard"]

    await steady.brakes.resume(SCOPE, "Wang Min", steady.clock.now())
    assert await pass_at(steady, PREPARE + 27 * HOUR) == 110
    assert await paused(steady) == {}
    [done] = steady.rows("SELECT * FROM actions WHERE what = 'resume'")
    assert done["by"] == "Wang Min"
    assert '"confirmed": "2024-09-20"' in done["detail"]
    assert await steady.audit() == []


async def test_a_register_corrected_while_its_day_is_held_texts_the_right_holders(
    steady: Ledger,
) -> None:
    wrong = list(many(100, IN_STEP))
    await steady.register(*wrong)
    assert await pass_at(steady, PREPARE) == 0
    await steady.register(
        *(replace(one, expires_on=EXPIRES + 365 * DAY) for one in wrong)
    )
    assert await pass_at(steady, PREPARE + HOUR) == 0, "a person looks first"
    await steady.brakes.resume(SCOPE, "Wang Min", steady.clock.now())
    assert await pass_at(steady, PREPARE + 2 * HOUR) == 20
    assert await steady.audit() == []


async def test_a_confirmed_day_is_not_held_again_and_the_next_one_is(
    steady: Ledger,
) -> None:
    await steady.register(*many(100, IN_STEP))
    assert await pass_at(steady, PREPARE) == 0
    resumed = await steady.brakes.resume(SCOPE, "Wang Min", steady.clock.now())
    assert resumed.confirmed_day == date(2024, 9, 19)
    assert await pass_at(steady, PREPARE) == 120
    await steady.register(*many(90, IN_STEP))
    assert await pass_at(steady, PREPARE + HOUR) == 90
    steady.clock.move_to(PREPARE + 2 * HOUR)
    await steady.register(*many(90, IN_STEP))
    assert await pass_at(steady, PREPARE + DAY) == 0
    assert SCOPE in await paused(steady)


async def test_an_operators_pause_is_not_the_guards_and_confirms_nothing(
    steady: Ledger,
) -> None:
    await steady.brakes.pause(SCOPE, "ann", "lunch", steady.clock.now())
    await steady.register(*many(100, IN_STEP))
    assert await pass_at(steady, PREPARE) == 0
    assert await paused(steady) == {SCOPE: "lunch"}
    resumed = await steady.brakes.resume(SCOPE, "ann", steady.clock.now())
    assert resumed.confirmed_day is None
    assert await pass_at(steady, PREPARE) == 0
    assert "120 reminders" in (await paused(steady))[SCOPE]


@pytest.mark.parametrize(("late", "sent"), [(40, 60), (41, 0)])
async def test_three_times_the_forecast_is_sent_and_one_more_is_not(
    steady: Ledger, late: int, sent: int
) -> None:
    await steady.register(*many(late, IN_STEP))
    assert await pass_at(steady, PREPARE) == sent


async def test_reminders_sent_today_count(steady: Ledger) -> None:
    assert await pass_at(steady, PREPARE) == 20
    await steady.register(*many(40, IN_STEP))
    assert await pass_at(steady, PREPARE + HOUR) == 40
    await steady.register(*many(1, IN_STEP))
    assert await pass_at(steady, PREPARE + 2 * HOUR) == 0


async def test_permits_registered_before_the_first_tick_are_not_in_the_forecast(
    steady: Ledger,
) -> None:
    """Somebody's timer ticks once a day, and imports in the evening."""
    assert await pass_at(steady, PREPARE) == 20
    steady.clock.move_to(PREPARE + 12 * HOUR)
    await steady.register(*many(60, IN_STEP))
    assert await pass_at(steady, PREPARE + DAY) == 0
    assert "70 reminders today, forecast 10: above 50" in (await paused(steady))[SCOPE]


async def test_a_first_day_takes_the_registers_as_they_are(ledger: Ledger) -> None:
    await ledger.register(*many(60), *many(60, IN_STEP))
    assert await pass_at(ledger, PREPARE) == 120
    assert forecasts(ledger)["2024-09-19"] == 120


async def test_a_tick_with_nothing_due_writes_nothing_but_that_it_was(
    steady: Ledger,
) -> None:
    facts = """SELECT * FROM facts WHERE key NOT IN
        ('last tick', 'clock', 'clock reading', 'passes')"""
    before = steady.rows("SELECT * FROM forecasts"), steady.rows(facts)
    for _ in range(2):
        assert await pass_at(steady, EVE + HOUR) == 0
    assert (steady.rows("SELECT * FROM forecasts"), steady.rows(facts)) == before


async def install(ledger: Ledger, *, sends: bool) -> None:
    """A county below the office, live like it."""
    law = await ledger.office.current_law()
    county = replace(law.authority(OFFICE), code=COUNTY, parent=OFFICE, sends=sends)
    await ledger.change(AuthoritiesEdit([county]))
    await go_live(COUNTY, [FOOD], ledger.going_live, approved_by="test", by="test")


async def test_two_offices_do_not_hold_each_other(ledger: Ledger) -> None:
    await install(ledger, sends=True)
    await ledger.register(*many(20), *many(20, authority=COUNTY))
    await pass_at(ledger, EVE)
    await ledger.register(*many(100, IN_STEP, authority=COUNTY))
    assert await pass_at(ledger, PREPARE) == 20
    assert list(await paused(ledger)) == [f"office:{COUNTY}"]
    assert await pass_at(ledger, PREPARE + HOUR) == 0


async def test_an_office_is_held_with_all_it_sends_for(ledger: Ledger) -> None:
    await install(ledger, sends=False)
    await ledger.register(*many(20), *many(20, authority=COUNTY))
    await pass_at(ledger, EVE)
    assert forecasts(ledger)["2024-09-19"] == 40
    assert forecasts(ledger, COUNTY) == {}
    await ledger.register(*many(100, IN_STEP, authority=COUNTY))
    assert await pass_at(ledger, PREPARE) == 0
    assert list(await paused(ledger)) == [SCOPE]


async def test_a_catch_up_that_somebody_approved_is_sent(draft: Ledger) -> None:
    await draft.go_live("cn-food-business-license")
    await draft.register(*many(160, IN_STEP))
    await pass_at(draft, EVE)
    draft.clock.move_to(PREPARE)
    assert await draft.go_live(FOOD, catch_up_days=2) == 160
    assert await pass_at(draft, PREPARE + HOUR) == 80
    assert await pass_at(draft, PREPARE + DAY) == 80
    assert await paused(draft) == {}


async def test_a_catch_up_of_this_mornings_step_is_sent(draft: Ledger) -> None:
    await draft.go_live("cn-food-business-license")
    await draft.register(*many(60))
    await pass_at(draft, EVE)
    draft.clock.move_to(PREPARE + HOUR)
    assert await draft.go_live(FOOD, catch_up_days=1) == 60
    assert await pass_at(draft, PREPARE + 2 * HOUR) == 60


async def test_a_catch_up_does_not_cover_permits_registered_after_it(
    draft: Ledger,
) -> None:
    draft.clock.move_to(PREPARE)
    await draft.register(*many(10, IN_STEP))
    await draft.go_live(FOOD, catch_up_days=1)
    draft.clock.move_to(PREPARE + timedelta(minutes=1))
    await draft.register(*many(60, IN_STEP))
    assert await pass_at(draft, PREPARE + HOUR) == 0


async def test_a_change_of_the_law_that_somebody_applied_is_sent(
    ledger: Ledger,
) -> None:
    await ledger.register(*many(100, EXPIRES + 40 * DAY))
    assert await pass_at(ledger, PREPARE) == 0
    assert set(forecasts(ledger).values()) == {0}
    await ledger.change(await closing(ledger, "75 working days before expiry"))
    assert await pass_at(ledger, PREPARE + HOUR) == 100
    assert await paused(ledger) == {}


async def test_who_was_told_a_later_step_is_not_in_the_forecast(
    ledger: Ledger,
) -> None:
    await ledger.register(*many(30))
    assert await pass_at(ledger, LAST_CALL) == 30
    await ledger.change(await closing(ledger, "20 working days before expiry"))
    await pass_at(ledger, LAST_CALL + HOUR)
    assert forecasts(ledger)["2024-11-11"] == 30, "sent this morning"
    await pass_at(ledger, LAST_CALL + 7 * DAY)
    assert forecasts(ledger)["2024-11-25"] == 0


async def test_a_change_after_the_mornings_texts_does_not_count_them_twice(
    steady: Ledger,
) -> None:
    await steady.register(*many(30, IN_STEP))
    assert await pass_at(steady, PREPARE) == 50
    await steady.change(
        AuthoritiesEdit([(await steady.office.current_law()).authority(OFFICE)])
    )
    await pass_at(steady, PREPARE + HOUR)
    assert forecasts(steady)["2024-09-19"] == 50


async def test_a_confirmed_day_stays_so_when_the_law_changes(steady: Ledger) -> None:
    await steady.register(*many(100, IN_STEP))
    await pass_at(steady, PREPARE)
    await steady.brakes.resume(SCOPE, "Wang Min", steady.clock.now())
    await steady.change(
        AuthoritiesEdit([(await steady.office.current_law()).authority(OFFICE)])
    )
    assert await pass_at(steady, PREPARE + HOUR) == 120


@pytest.mark.parametrize(("late", "sent"), [(0, 80), (161, 0)])
async def test_a_week_in_which_nothing_ran_was_expected_day_by_day(
    ledger: Ledger, late: int, sent: int
) -> None:
    """Forty a day on Thursday and Friday: three times that is 240."""
    await ledger.register(*many(40), *many(40, EXPIRES + DAY))
    await pass_at(ledger, EVE)
    ledger.clock.move_to(EVE + 5 * DAY)
    await ledger.register(*many(late, IN_STEP))
    assert await pass_at(ledger, EVE + 5 * DAY) == sent


async def test_reminders_put_off_by_a_daily_limit_are_in_the_forecast(
    ledger: Ledger,
) -> None:
    office = (await ledger.office.current_law()).authority(OFFICE)
    await ledger.change(AuthoritiesEdit([replace(office, daily_limit=60)]))
    await ledger.register(*many(20), *many(10, EXPIRES + DAY))
    await pass_at(ledger, EVE)
    await ledger.register(*many(100, IN_STEP))
    await pass_at(ledger, PREPARE)
    await ledger.brakes.resume(SCOPE, "Wang Min", ledger.clock.now())
    assert await pass_at(ledger, PREPARE) == 60
    assert await pass_at(ledger, PREPARE + DAY) == 60
    assert await paused(ledger) == {}
    assert forecasts(ledger)["2024-09-20"] == 70


async def test_reminders_that_waited_during_an_operators_pause_are_in_the_forecast(
    ledger: Ledger,
) -> None:
    for at in range(4):
        await ledger.register(*many(20, EXPIRES + at * DAY))
    await pass_at(ledger, EVE)
    await ledger.brakes.pause("all", "ann", "wording", ledger.clock.now())
    for day in range(5):
        assert await pass_at(ledger, PREPARE + day * DAY) == 0
    await ledger.brakes.resume("all", "ann", ledger.clock.now())
    assert await pass_at(ledger, PREPARE + 5 * DAY) == 80
    assert await paused(ledger) == {}


async def test_two_processes_begin_a_day_once(ledger: Ledger) -> None:
    await ledger.register(*many(20))
    ledger.clock.move_to(PREPARE)
    first, second = guarding(ledger), guarding(ledger)
    known = await open_day(first)
    assert await open_day(second) == known
    store = first.store
    day, last = date(2024, 9, 19), date(2024, 9, 26)
    await store.store_forecasts(OFFICE, day, {day: 99, last: 0}, PREPARE)
    assert forecasts(ledger)["2024-09-19"] == 20


async def test_a_clock_set_back_holds_nobody(steady: Ledger) -> None:
    assert await pass_at(steady, PREPARE + DAY) == 30
    for now in (START, EVE, PREPARE + DAY + HOUR, LAST_CALL):
        await pass_at(steady, now)
    assert await paused(steady) == {}
