"""Holders must be called if their text is held back close to closing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from service.adapters.store.reports.call_list import SqlCallListStore
from service.domain.delivery.outcome import RefusalKind, Refused, Unknown
from service.domain.delivery.status import MessageState
from service.domain.delivery.unknown_outcome import LEFT_TO_OPERATOR
from service.domain.reminders.limits import DAILY_LIMIT, RECIPIENT_LIMIT
from service.domain.reminders.reasons import REGISTER_STALE
from service.domain.reports.call_list import HELD_CALL_BEFORE_CLOSING
from service.flow.permits.register import RegisterSource
from service.flow.reports.call_list import list_calls
from tests.flow.ledger import (
    CLOSED,
    FOOD,
    LAST_CALL,
    OFFICE,
    PREPARE,
    Ledger,
    permit,
    word,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)

LAST_DAY = CLOSED - 14 * HOUR
"""Ten in the morning of 18 November, on which the window closes."""


async def why(ledger: Ledger) -> Sequence[str]:
    """The reasons on the call list."""
    reader = SqlCallListStore(ledger.database)
    found = await list_calls([OFFICE], ledger.office, reader, ledger.clock)
    return [one.why for one in found]


async def held(
    ledger: Ledger, reason: str, state: str = "due", until: str = "2024-11-30"
) -> None:
    """A reminder in its last step, held by a limit."""
    await ledger.register(permit())
    await ledger.expand(LAST_CALL)
    ledger.tamper(
        f"UPDATE reminders SET hold_reason = '{reason}', state = '{state}', "  # noqa: S608 - our own words
        f"next_at = '{until} 00:00:00' WHERE step = 'last-call'"
    )


@pytest.mark.parametrize("reason", [DAILY_LIMIT, RECIPIENT_LIMIT, REGISTER_STALE])
@pytest.mark.parametrize("state", ["due", "retrying"])
@pytest.mark.parametrize(
    ("days", "when"),
    [
        (HELD_CALL_BEFORE_CLOSING.days + 1, None),
        (HELD_CALL_BEFORE_CLOSING.days, "in 5 days"),
        (2, "in 2 days"),
        (1, "in 1 day"),
        (0, "today"),
    ],
)
async def test_a_held_text_is_called_about_from_five_days_before_closing(
    ledger: Ledger, reason: str, state: str, days: int, when: str | None
) -> None:
    await held(ledger, reason, state)
    ledger.clock.move_to(LAST_DAY - days * DAY)
    wanted = [f"held back: {reason}, closing {when}"] if when else []
    assert await why(ledger) == wanted


@pytest.mark.parametrize("reason", ["outside sending hours", "texted within 3 days"])
async def test_a_hold_that_ends_by_itself_is_no_reason_to_call(
    ledger: Ledger, reason: str
) -> None:
    await held(ledger, reason, until="2024-11-18")
    ledger.clock.move_to(LAST_DAY - DAY)
    assert await why(ledger) == []


@pytest.mark.parametrize(
    ("scope", "listed"),
    [
        ("all", True),
        ("rule:cn-food-production-license", True),
        (f"authority:{OFFICE}", True),
        (f"office:{OFFICE}", True),
        ("office:us-nyc", False),
        ("rule:cn-food-business-license", False),
    ],
)
async def test_a_pause_holds_texts_back(
    ledger: Ledger, scope: str, *, listed: bool
) -> None:
    await ledger.register(permit())
    await ledger.expand(LAST_CALL)
    await ledger.brakes.pause(scope, "volume guard", "…", ledger.clock.now())
    ledger.clock.move_to(LAST_DAY - 3 * DAY)
    held_by = "paused by volume guard" if listed else "waits for its turn"
    assert await why(ledger) == [f"held back: {held_by}, closing in 3 days"]


async def test_a_text_whose_turn_does_not_come_is_held_back(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(LAST_DAY - 3 * DAY)
    due_at = LAST_DAY - 3 * DAY
    ledger.tamper(f"UPDATE reminders SET next_at = '{due_at:%Y-%m-%d %H:%M:%S.%f}'")  # noqa: S608 - our own words
    ledger.clock.move_to(due_at + HOUR)
    assert await why(ledger) == [], "an hour is no long time"
    ledger.clock.move_to(due_at + HOUR + timedelta(seconds=1))
    assert await why(ledger) == ["held back: waits for its turn, closing in 3 days"]


@pytest.mark.parametrize(
    ("day", "when"),
    [(26, None), (27, "in 11 days"), (30, "in 8 days")],
    ids=["four working days", "three", "one"],
)
async def test_before_a_long_holiday_the_call_comes_on_the_last_working_days(
    ledger: Ledger, day: int, when: str | None
) -> None:
    """China, 2024: 1 to 7 October are off, Sunday 29 September is a working day."""
    law, after = await ledger.office.current_law(), date(2024, 10, 8)

    def closing(expires_on: date) -> date:
        version = law.version_for(FOOD, OFFICE, expires_on)
        return law.ladder(FOOD, version, OFFICE, expires_on).window.closes_on

    days = (after + DAY * days for days in range(100))
    expires = next(one for one in days if closing(one) == after)
    await ledger.register(permit(expires_on=expires))
    await ledger.expand(datetime(2024, 9, 26, 1, tzinfo=UTC))
    ledger.tamper(
        f"UPDATE reminders SET hold_reason = '{DAILY_LIMIT}', "  # noqa: S608 - our own words
        "next_at = '2024-11-30 00:00:00'"
    )
    ledger.clock.move_to(datetime(2024, 9, day, 2, tzinfo=UTC))
    wanted = [f"held back: {DAILY_LIMIT}, closing {when}"] if when else []
    assert await why(ledger) == wanted


async def test_a_holder_whose_latest_text_failed_is_called_unless_another_follows(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    await ledger.receive(word(MessageState.UNDELIVERED, "SM1", code="30007"))
    ledger.clock.move_to(LAST_CALL - DAY)
    assert await why(ledger) == ["the text failed: undelivered"]
    assert await ledger.send_at(LAST_CALL) == 1
    assert await why(ledger) == []


async def test_a_holder_without_a_route_is_called_also_over_a_weekend(
    ledger: Ledger,
) -> None:
    ledger.provider.script = [Refused(RefusalKind.ROUTE, "21408", "HTTP 400")] * 9
    await ledger.register(permit())
    for days in range(8):
        await ledger.send_at(LAST_CALL + days * DAY)
        assert await why(ledger) == ["the text failed: no route to the number"]
    assert await ledger.send_at(LAST_CALL + 8 * DAY) == 0


async def test_a_text_that_went_out_is_not_held_back(ledger: Ledger) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(LAST_CALL) == 1
    await ledger.brakes.pause("all", "breaker", "…", ledger.clock.now())
    ledger.clock.move_to(LAST_DAY)
    assert await why(ledger) == []


@pytest.mark.parametrize(
    ("days", "when"),
    [
        (HELD_CALL_BEFORE_CLOSING.days + 1, None),
        (HELD_CALL_BEFORE_CLOSING.days, "in 5 days"),
        (0, "today"),
    ],
)
async def test_a_text_whose_outcome_is_left_to_an_operator_is_called_about_in_time(
    ledger: Ledger, days: int, when: str | None
) -> None:
    ledger.provider.script = [Unknown("TimeoutError")]
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    ledger.clock.move_to(LAST_DAY - days * DAY)
    assert await why(ledger) == [], "settling may find out yet"
    seen = "absent at noon, absent again at one"
    ledger.tamper(f"UPDATE messages SET reason = '{LEFT_TO_OPERATOR}; {seen}'")  # noqa: S608 - our own words
    wanted = [f"nobody knows whether the text went out ({seen}), closing {when}"]
    assert await why(ledger) == (wanted if when else [])
    ledger.tamper("UPDATE messages SET state = 'accepted', provider_id = 'SM1'")
    assert await why(ledger) == []


async def test_a_text_that_no_provider_accepts_for_an_hour_is_held_back(
    ledger: Ledger,
) -> None:
    """Retries do not make the wait shorter."""
    began = LAST_DAY - 4 * DAY
    await ledger.register(permit())
    await ledger.expand(began)
    ledger.tamper(f"UPDATE reminders SET next_at = '{began:%Y-%m-%d %H:%M:%S.%f}'")  # noqa: S608 - our own words
    for minutes in (0, 30, 60, 61):
        ledger.clock.move_to(began + timedelta(minutes=minutes))
        ledger.provider.script = [Refused(RefusalKind.RETRY_SAFE, "connect", "…")]
        ledger.tamper("UPDATE reminders SET retry_at = NULL")
        assert await ledger.send() == 1
        late = ["held back: waits for its turn, closing in 4 days"]
        assert await why(ledger) == (late if minutes > 60 else [])


async def test_a_hold_that_outlasts_its_step_is_called_about(ledger: Ledger) -> None:
    await held(ledger, "outside sending hours")
    ledger.clock.move_to(LAST_DAY)
    assert await why(ledger) == ["held back: outside sending hours, closing today"]


async def test_an_outcome_unknown_for_an_hour_is_called_about(
    ledger: Ledger,
) -> None:
    ledger.provider.script = [Unknown("TimeoutError")]
    await ledger.register(permit())
    assert await ledger.send_at(LAST_DAY - 4 * DAY) == 1
    assert await why(ledger) == []
    ledger.tamper(
        "UPDATE messages SET lease_until = "
        "strftime('%Y-%m-%d %H:%M:%f000', 'now', '-61 minutes')"
    )
    wanted = ["nobody knows whether the text went out, closing in 4 days"]
    assert await why(ledger) == wanted


async def test_a_text_whose_id_the_provider_does_not_know_is_called_about(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(LAST_DAY - 4 * DAY) == 1
    ledger.provider.unlisted = {"SM1"}
    ledger.provider.taken.clear()
    ledger.clock.move_to(LAST_DAY - 4 * DAY + HOUR)
    assert await why(ledger) == []
    await ledger.poll()
    wanted = ["nobody knows whether the text went out, closing in 4 days"]
    assert await why(ledger) == wanted


async def test_a_stale_register_has_the_hold_reason_that_the_list_expects(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(), source=RegisterSource("city", max_age_days=1))
    ledger.clock.move_to(LAST_DAY - 3 * DAY)
    assert await ledger.send_at(LAST_DAY - 3 * DAY) == 0
    assert await why(ledger) == [f"held back: {REGISTER_STALE}, closing in 3 days"]


async def test_an_unreachable_phone_is_a_reason_beside_a_hold(ledger: Ledger) -> None:
    await held(ledger, DAILY_LIMIT)
    ledger.tamper("UPDATE recipients SET unreachable_at = '2024-09-02'")
    ledger.clock.move_to(LAST_DAY)
    assert await why(ledger) == [
        f"unreachable, held back: {DAILY_LIMIT}, closing today"
    ]
