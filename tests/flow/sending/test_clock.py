"""Clocks that stand still for a week, are set back, or run ahead."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from service.domain.deadlines.slot import Slot, current_slot
from service.domain.delivery.outcome import Outcome, RefusalKind, Refused, Unknown
from service.domain.law.period import Period
from service.domain.law.rule import Step
from service.domain.law_change.edits import RulesEdit
from tests.flow.law_change.test_change import changed
from tests.flow.ledger import (
    CLOSED,
    EXPIRES,
    FOOD,
    LAST_CALL,
    OFFICE,
    PREPARE,
    START,
    Ledger,
    permit,
)

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
YEAR = 366 * DAY

IN_DAYS = "strftime('%Y-%m-%d %H:%M:%f000', 'now', '+3 days')"
AHEAD_REMINDERS = f"UPDATE reminders SET retry_at = {IN_DAYS}"  # noqa: S608 - our own words
AHEAD_MESSAGES = (
    f"UPDATE messages SET posted_after = {IN_DAYS}, lease_until = {IN_DAYS}"  # noqa: S608 - likewise
)

LAST_ALIVE = datetime(2024, 11, 4, 6, tzinfo=UTC)
"""A Monday afternoon, after which nothing ran until the next."""


def texts(ledger: Ledger) -> Counter[str]:
    """The templates of what was POSTed."""
    return Counter(one.template for one in ledger.provider.posted)


async def close_together(ledger: Ledger, *before: int) -> None:
    """Let both steps of food production fall into a week or so."""
    steps = [
        Step(name, Period.parse(f"{days} days before closing"), f"renewal-{name}")
        for name, days in zip(("prepare", "last-call"), before, strict=True)
    ]
    await ledger.change(RulesEdit([await changed(ledger, steps=tuple(steps))]))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ((9, 2), {"0 missed, then prepare", "0 missed, then last-call"}),
        ((6, 2), {"1 missed, then last-call", "1 missed, then None"}),
        ((3, 1), {"2 missed, then None", "0 missed, then prepare"}),
    ],
)
async def test_after_a_week_of_downtime_everybody_gets_exactly_the_current_step(
    ledger: Ledger, before: tuple[int, int], expected: set[str]
) -> None:
    await close_together(ledger, *before)
    days = {f"SC-{at:02}": date(2024, 12, 1) + at * DAY for at in range(40)}
    await ledger.register(*(permit(n, expires_on=on) for n, on in days.items()))
    await ledger.send_at(LAST_ALIVE)
    back = LAST_ALIVE + 7 * DAY
    await ledger.send_at(back)
    seen = set[str]()
    for number, expires_on in days.items():
        slots = await slots_of(ledger, expires_on)
        slot = current_slot(slots, back)
        fresh = [it for it in slots if LAST_ALIVE < it.due_at <= back]
        missed = [it.step for it in fresh if it != slot]
        assert steps(ledger, number, "sent", back) == [
            it.step for it in fresh if it == slot
        ]
        assert steps(ledger, number, "missed", back) == missed, number
        seen.add(f"{len(missed)} missed, then {slot.step if slot else None}")
    assert seen >= expected
    assert await ledger.audit() == []


async def slots_of(ledger: Ledger, expires_on: date) -> Sequence[Slot]:
    law = await ledger.office.current_law()
    version = law.version_for(FOOD, OFFICE, expires_on)
    return law.ladder(FOOD, version, OFFICE, expires_on).slots


def steps(ledger: Ledger, number: str, state: str, at: datetime) -> list[str]:
    """The steps of a permit that came to this state at this instant."""
    rows = ledger.rows(
        "SELECT r.step FROM reminders r JOIN permits p ON p.id = r.permit_id "
        "WHERE p.shown_number = ? AND r.state = ? AND r.state_at = ? ORDER BY r.due_at",
        *(number, state, f"{at:%Y-%m-%d %H:%M:%S.%f}"),
    )
    return [row["step"] for row in rows]


async def test_a_clock_set_back_between_expanding_and_claiming_only_delays(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE + HOUR)
    ledger.clock.move_to(PREPARE - HOUR)
    assert await ledger.send() == 0
    assert await ledger.send_at(PREPARE) == 1
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


ANSWERS: Mapping[str, Sequence[Outcome]] = {
    "yes": (),
    "unknown": (Unknown("timeout"),),
    "no": (Refused(RefusalKind.RETRY_SAFE, "20429", "HTTP 429"),),
}


@pytest.mark.parametrize("back", [HOUR, 3 * DAY, 400 * DAY])
@pytest.mark.parametrize("answered", ANSWERS)
async def test_a_clock_set_back_while_a_message_is_posted_texts_nobody_twice(
    ledger: Ledger, back: timedelta, answered: str
) -> None:
    await ledger.register(permit())

    async def set_back() -> None:
        ledger.clock.move_to(PREPARE + HOUR - back)

    ledger.provider.after = [set_back]
    ledger.provider.lost = answered == "unknown"
    ledger.provider.script = [*ANSWERS[answered]]
    await ledger.send_at(PREPARE + HOUR)
    assert await ledger.audit() == []
    for _ in range(2):
        await ledger.settle(timedelta())
    ledger.tamper("UPDATE reminders SET retry_at = NULL")
    for now in (PREPARE - DAY, PREPARE, PREPARE + 2 * HOUR, PREPARE + 4 * DAY):
        await ledger.send_at(now)
        assert await ledger.audit() == []
    assert len(ledger.provider.taken) == 1
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.send_at(LAST_CALL) == 1


@pytest.mark.parametrize("back", [SECOND, HOUR, DAY, 10 * DAY, 400 * DAY])
async def test_a_clock_set_back_after_a_text_texts_nobody_twice_and_keeps_the_gap(
    ledger: Ledger, back: timedelta
) -> None:
    late = datetime(2024, 11, 8, 6, tzinfo=UTC)
    await ledger.register(permit())
    assert await ledger.send_at(late) == 1
    for now in (late - back, late, LAST_CALL, late + 3 * DAY - SECOND):
        assert await ledger.send_at(now) == 0, now
    assert await ledger.send_at(late + 3 * DAY) == 1
    assert texts(ledger) == {"renewal-prepare": 1, "renewal-last-call": 1}
    assert await ledger.audit() == []


async def test_a_wait_on_the_database_clock_ignores_the_simulated_clock(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(), permit("SC-0002"))
    ledger.provider.script = [Refused(RefusalKind.RETRY_SAFE, "20429", "HTTP 429")]
    await ledger.expand(PREPARE)
    await ledger.claim(most=1)
    await ledger.send()
    assert sorted(ledger.states()) == ["not-accepted", "sending"]
    for now in (PREPARE - 300 * DAY, PREPARE + HOUR):
        ledger.clock.move_to(now)
        assert await ledger.leases.expire_leases(now) == 0, "its lease has not ended"
        assert await ledger.send() == 0, "30 seconds are not over"
    assert await ledger.audit() == []


async def test_a_reminder_put_off_while_every_clock_ran_ahead_is_sent_at_once(
    ledger: Ledger,
) -> None:
    """The database's clock is the machine's: both were days ahead."""
    await ledger.register(permit())
    ledger.provider.script = [Refused(RefusalKind.RETRY_SAFE, "connect", "…")]
    await ledger.send_at(PREPARE + DAY)
    ledger.tamper(AHEAD_REMINDERS)
    assert await ledger.send_at(PREPARE + HOUR) == 1
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_message_posted_while_every_clock_ran_ahead_is_found(
    ledger: Ledger, *, arrived: bool
) -> None:
    """Or else is sent anew: nobody waits until that time comes again."""
    await ledger.register(permit())
    ledger.provider.script = [Unknown("timeout")]
    ledger.provider.lost = arrived
    await ledger.send_at(PREPARE + DAY)
    ledger.provider.lost = False
    ledger.tamper(AHEAD_MESSAGES)
    await ledger.leases.expire_leases(PREPARE + HOUR)
    [asked] = await ledger.unknown.list_uncertain()
    assert asked.posted_after < asked.asked_at
    ledger.tamper("UPDATE messages SET lease_until = '2020-01-01 00:00:00.000000'")
    for _ in range(2):
        await ledger.settle(timedelta())
    await ledger.send()
    assert len(ledger.provider.taken) == 1
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


@pytest.mark.parametrize("ahead", [YEAR, 80 * YEAR])
@pytest.mark.parametrize("was", ["not due", "held", "sent", "last-call"])
async def test_a_clock_that_ran_ahead_and_is_right_again_has_lost_nobody(
    ledger: Ledger, ahead: timedelta, was: str
) -> None:
    await ledger.register(permit())
    now = {
        "not due": PREPARE - DAY,
        "held": PREPARE + 9 * HOUR,
        "sent": PREPARE,
        "last-call": LAST_CALL + 9 * HOUR,
    }[was]
    await ledger.send_at(now)
    assert await ledger.send_at(now + ahead) == 0
    assert await ledger.audit() == []
    for later in (now + HOUR, PREPARE + DAY, LAST_CALL, LAST_CALL + DAY):
        if later > now:
            await ledger.send_at(later)
            assert await ledger.audit() == []
    expected = {"renewal-prepare": 1, "renewal-last-call": 1}
    if was == "last-call":
        expected = {"renewal-last-call": 1}
    assert texts(ledger) == expected
    await ledger.send_at(CLOSED)
    assert await ledger.send_at(CLOSED + YEAR) == 0
    assert await ledger.audit() == []


async def test_a_clock_a_year_ahead_texts_of_nothing_that_is_over(
    ledger: Ledger,
) -> None:
    soon, later = permit(), permit("SC-0002", expires_on=EXPIRES + YEAR)
    await ledger.register(soon, later)
    assert await ledger.send_at(PREPARE + YEAR + 5 * DAY) == 1
    missed = ("missed", "overtaken")
    assert ledger.reminders() == {"prepare": missed, "last-call": missed}
    assert [state for state, _ in ledger.reminders("SC-0002").values()] == ["sent"]
    assert START < PREPARE
    assert await ledger.audit() == []


async def test_each_day_of_half_a_year_ticked_backwards_texts_nobody_twice(
    ledger: Ledger,
) -> None:
    await ledger.register(
        *(permit(f"SC-{at}", expires_on=EXPIRES + at * 9 * DAY) for at in range(8))
    )
    days = [START + at * DAY + 2 * HOUR for at in range(0, 180, 3)]
    for now in [*reversed(days), *days]:
        await ledger.send_at(now)
    assert await ledger.audit() == []
    told = ledger.rows("SELECT * FROM reminders WHERE sent_at IS NOT NULL")
    assert len(ledger.provider.taken) == len(told)
    assert len({row["permit_id"] for row in told if row["step"] == "last-call"}) == 8
