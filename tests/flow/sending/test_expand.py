from datetime import date, timedelta

import pytest

from tests.flow.ledger import (
    CLOSED,
    EXPIRES,
    FOOD,
    LAST_CALL,
    PREPARE,
    START,
    Ledger,
    permit,
)

SECOND, WEEK = timedelta(seconds=1), timedelta(days=7)
TO_APRIL = date(2025, 4, 30)


async def test_nothing_is_born_a_second_before_its_slot_is_due(ledger: Ledger) -> None:
    await ledger.register(permit())
    assert await ledger.expand(PREPARE - SECOND) == 0
    assert await ledger.expand(PREPARE) == 1
    assert ledger.reminders() == {"prepare": ("due", None)}


async def test_expanding_twice_changes_nothing(ledger: Ledger) -> None:
    await ledger.register(permit(), permit("SC-0002"))
    assert await ledger.expand(PREPARE) == 2
    before = ledger.rows("SELECT * FROM reminders"), ledger.rows("SELECT * FROM slots")
    assert await ledger.expand(PREPARE) == 0
    assert await ledger.expand(PREPARE + SECOND) == 0
    after = ledger.rows("SELECT * FROM reminders"), ledger.rows("SELECT * FROM slots")
    assert after == before


async def test_a_step_overtaken_during_downtime_is_missed_and_the_current_one_due(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await ledger.expand(LAST_CALL + timedelta(days=2)) == 2
    assert ledger.reminders() == {
        "prepare": ("missed", "overtaken"),
        "last-call": ("due", None),
    }
    assert await ledger.audit() == []


async def test_after_the_closing_day_every_step_is_missed(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(CLOSED)
    missed = ("missed", "overtaken")
    assert ledger.reminders() == {"prepare": missed, "last-call": missed}
    assert await ledger.audit() == []


async def test_a_permit_registered_after_a_step_was_overtaken_has_no_row_for_it(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    ledger.clock.move_to(LAST_CALL + SECOND)
    await ledger.register(permit("SC-0002"))
    assert await ledger.expand(LAST_CALL + WEEK / 7) == 3
    assert ledger.reminders("SC-0002") == {"last-call": ("due", None)}
    assert await ledger.audit() == []


async def test_a_permit_registered_at_the_instant_a_step_falls_due_gets_that_step(
    ledger: Ledger,
) -> None:
    ledger.clock.move_to(PREPARE)
    await ledger.register(permit())
    await ledger.expand(LAST_CALL)
    assert ledger.reminders()["prepare"] == ("missed", "overtaken")


async def test_a_later_step_supersedes_an_earlier_one_still_due(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await ledger.expand(LAST_CALL)
    assert ledger.reminders() == {
        "prepare": ("superseded", "by last-call"),
        "last-call": ("due", None),
    }
    assert await ledger.audit() == []


async def test_a_step_already_sent_stays_sent_when_the_next_is_born(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    await ledger.expand(LAST_CALL)
    assert ledger.reminders() == {
        "prepare": ("sent", None),
        "last-call": ("due", None),
    }


async def test_steps_due_before_the_office_went_live_are_missed_and_never_texted(
    draft: Ledger,
) -> None:
    await draft.register(permit())
    assert await draft.send_at(PREPARE + SECOND) == 0
    assert draft.reminders() == {}, "nobody is live"
    await draft.go_live(FOOD, live_from=PREPARE + SECOND)
    assert await draft.send_at(PREPARE + SECOND) == 0
    assert draft.reminders() == {"prepare": ("missed", "before start")}
    assert await draft.send_at(LAST_CALL) == 1
    assert await draft.audit() == []


async def test_a_step_due_at_the_instant_of_going_live_is_sent(draft: Ledger) -> None:
    await draft.register(permit())
    await draft.go_live(FOOD, live_from=PREPARE)
    assert await draft.send_at(PREPARE) == 1


async def test_an_office_that_goes_live_next_week_is_not_live_yet(
    draft: Ledger,
) -> None:
    await draft.register(permit())
    await draft.go_live(FOOD, live_from=PREPARE + WEEK)
    assert await draft.expand(PREPARE) == 0


async def test_a_late_arrival_is_not_texted_for_a_step_before_the_start(
    draft: Ledger,
) -> None:
    await draft.go_live(FOOD, live_from=PREPARE + SECOND)
    await draft.register(permit())
    await draft.expand(PREPARE + WEEK)
    await draft.register(permit("SC-0002"))
    assert await draft.send() == 0
    assert draft.reminders("SC-0002") == {"prepare": ("missed", "before start")}
    await draft.register(permit("SC-0002", holder="Another"))
    assert await draft.send() == 0, "the past is not reopened by any change"
    assert await draft.audit() == []


@pytest.mark.parametrize("status", ["suspended", "withdrawn"])
async def test_only_active_permits_are_reminded_of(ledger: Ledger, status: str) -> None:
    await ledger.register(permit(status=status))
    assert await ledger.expand(PREPARE) == 0
    assert await ledger.audit() == []


async def test_a_clock_set_back_creates_nothing_and_loses_nothing(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(LAST_CALL)
    assert await ledger.expand(PREPARE) == 0
    assert ledger.reminders() == {
        "prepare": ("due", "reopened"),
        "last-call": ("due", None),
    }
    assert await ledger.send() == 1, "last-call is not due yet by this clock"
    assert await ledger.send_at(LAST_CALL + SECOND) == 1
    assert await ledger.audit() == []


async def test_a_permit_that_comes_while_the_clock_is_set_back_gets_every_step(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(LAST_CALL)
    ledger.clock.move_to(PREPARE)
    await ledger.register(permit("SC-0002"))
    assert await ledger.send() == 1
    assert await ledger.send_at(LAST_CALL) == 2
    assert ledger.reminders("SC-0002") == {
        "prepare": ("sent", None),
        "last-call": ("sent", None),
    }
    assert await ledger.audit() == []


async def test_a_filed_permit_that_comes_while_the_clock_is_set_back_is_not_lost(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(LAST_CALL)
    ledger.clock.move_to(PREPARE)
    filed = permit("SC-0002", renewal_filed_on=date(2024, 9, 1))
    await ledger.register(filed)
    assert await ledger.audit() == []
    await ledger.send_at(LAST_CALL)
    assert ledger.reminders("SC-0002")["last-call"] == ("cancelled", "renewal filed")
    assert await ledger.audit() == []


async def test_a_change_while_the_clock_is_set_back_does_not_end_the_later_step(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await ledger.expand(LAST_CALL)
    ledger.clock.move_to(PREPARE + SECOND)
    await ledger.register(permit(holder="Another"))
    assert ledger.reminders()["last-call"] == ("due", None)
    assert await ledger.send_at(LAST_CALL) == 1
    assert ledger.provider.posted[0].template == "renewal-last-call"
    assert await ledger.audit() == []


async def test_more_groups_than_one_transaction_takes_are_all_expanded(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.flow.sending.expand.GROUPS_PER_TRANSACTION", 2)
    days = [EXPIRES + timedelta(days=day) for day in range(5)]
    await ledger.register(
        *(permit(f"SC-{day}", expires_on=day) for day in days),
        permit("far", expires_on=TO_APRIL),
    )
    await ledger.expand(CLOSED)
    expanded = ledger.rows("SELECT DISTINCT expires_on FROM reminders")
    assert len(expanded) == 5
    assert await ledger.expand(CLOSED) == 0


async def test_slots_are_stored_once_for_all_permits_of_a_date(ledger: Ledger) -> None:
    await ledger.register(*(permit(f"SC-{at}") for at in range(30)))
    assert len(ledger.rows("SELECT * FROM slots")) == 2
    assert START < PREPARE


async def test_a_date_a_permit_had_not_yet_is_not_missed_by_it(ledger: Ledger) -> None:
    await ledger.register(permit(expires_on=EXPIRES + timedelta(days=400)))
    ledger.clock.move_to(LAST_CALL + timedelta(hours=1))
    await ledger.register(permit())
    await ledger.expand(ledger.clock.now())
    assert ledger.reminders() == {"last-call": ("due", None)}
    assert await ledger.audit() == []


async def test_a_step_expanded_again_reopens_reminders_ended_by_mistake(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(LAST_CALL)
    await ledger.withdraw(permit())
    ledger.clock.move_to(PREPARE)
    await ledger.register(permit())
    await ledger.expand(LAST_CALL)
    assert ledger.reminders()["last-call"][0] == "due"
    assert await ledger.audit() == []
