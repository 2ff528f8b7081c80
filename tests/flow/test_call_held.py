"""Whose text is held back while their closing comes near must be called."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from service.adapters.store.calls import CallReader
from service.domain.calls import NEAR, STALE
from service.domain.caps import DAILY_LIMIT, RECIPIENT_LIMIT
from service.flow.call import calls
from service.flow.rows import Register
from tests.flow.ledger import CLOSED, LAST_CALL, OFFICE, Ledger, permit

DAY, HOUR = timedelta(days=1), timedelta(hours=1)

LAST_DAY = CLOSED - 14 * HOUR
"""Ten in the morning of 18 November, on which the window closes."""


async def why(ledger: Ledger) -> Sequence[str]:
    """The reasons on the call list."""
    reader = CallReader(ledger.database)
    found = await calls([OFFICE], ledger.office, reader, ledger.clock)
    return [one.why for one in found]


async def held(ledger: Ledger, reason: str, state: str = "due") -> None:
    """A reminder in its last step, as the claim leaves it under a limit."""
    await ledger.register(permit())
    await ledger.expand(LAST_CALL)
    ledger.tamper(
        f"UPDATE reminders SET hold_reason = '{reason}', state = '{state}', "  # noqa: S608 - our own words
        "next_at = '2024-11-30 00:00:00' WHERE step = 'last-call'"
    )


@pytest.mark.parametrize("reason", [DAILY_LIMIT, RECIPIENT_LIMIT, STALE])
@pytest.mark.parametrize("state", ["due", "retrying"])
@pytest.mark.parametrize(
    ("days", "told"),
    [
        (NEAR.days + 1, None),
        (NEAR.days, "in 5 days"),
        (2, "in 2 days"),
        (1, "in 1 day"),
        (0, "today"),
    ],
)
async def test_a_held_text_is_called_about_from_five_days_before_closing(
    ledger: Ledger, reason: str, state: str, days: int, told: str | None
) -> None:
    await held(ledger, reason, state)
    ledger.clock.move_to(LAST_DAY - days * DAY)
    wanted = [f"held back: {reason}, closing {told}"] if told else []
    assert await why(ledger) == wanted


@pytest.mark.parametrize("reason", ["outside sending hours", "texted within 3 days"])
async def test_a_hold_that_ends_by_itself_is_no_reason_to_call(
    ledger: Ledger, reason: str
) -> None:
    await held(ledger, reason)
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
    told = "held back: paused by volume guard, closing in 3 days"
    assert await why(ledger) == ([told] if listed else [])


async def test_a_text_that_went_out_is_not_held_back(ledger: Ledger) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(LAST_CALL) == 1
    await ledger.brakes.pause("all", "breaker", "…", ledger.clock.now())
    ledger.clock.move_to(LAST_DAY)
    assert await why(ledger) == []


async def test_a_stale_register_holds_in_the_words_the_list_knows(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(), source=Register("city", max_age_days=1))
    ledger.clock.move_to(LAST_DAY - 3 * DAY)
    assert await ledger.send_at(LAST_DAY - 3 * DAY) == 0
    assert await why(ledger) == [f"held back: {STALE}, closing in 3 days"]


async def test_an_unreachable_phone_is_a_reason_beside_a_hold(ledger: Ledger) -> None:
    await held(ledger, DAILY_LIMIT)
    ledger.tamper("UPDATE recipients SET unreachable_at = '2024-09-02'")
    ledger.clock.move_to(LAST_DAY)
    assert await why(ledger) == [
        f"unreachable, held back: {DAILY_LIMIT}, closing today"
    ]
