"""What a clock that ran ahead has written on the database's clock ends all the same."""

from datetime import UTC, datetime, timedelta

import pytest

from service.adapters.clock import SystemClock
from service.adapters.store.sending import clock_jump
from service.domain.delivery.outcome import RefusalKind, Refused, Unknown
from service.domain.errors import SetUpError
from service.flow.sending.leases import LONGEST_LEASE
from service.settings import Settings
from tests.flow.ledger import PREPARE, Ledger, permit

IN_A_YEAR = "strftime('%Y-%m-%d %H:%M:%f000', 'now', '+1 year')"
YEAR_9999 = "'9999-12-31 23:59:59.999999'"
FUTURES = (IN_A_YEAR, YEAR_9999)
PAST = "'2024-01-01 00:00:00.000000'"

MINUTE = timedelta(minutes=1)
NOWHERE = Refused(RefusalKind.RETRY_SAFE, "connect", "refused", is_outage=True)


async def claimed(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    assert (await ledger.claim()).messages


async def expire(ledger: Ledger) -> None:
    """Let a pass see to the leases, and let those end that it brought back."""
    await ledger.leases.expire_leases(PREPARE)
    [lease] = ledger.rows(
        "SELECT (julianday(lease_until) - julianday('now')) * 86400 AS left "
        "FROM messages"
    )
    assert lease["left"] <= LONGEST_LEASE
    ledger.tamper(f"UPDATE messages SET lease_until = {PAST}")  # noqa: S608 - our own
    await ledger.leases.expire_leases(PREPARE)


@pytest.mark.parametrize("until", FUTURES)
async def test_a_lease_of_the_future_ends_and_what_was_not_begun_is_sent(
    ledger: Ledger, until: str
) -> None:
    await claimed(ledger)
    ledger.tamper(f"UPDATE messages SET lease_until = {until}, posted_after = {until}")  # noqa: S608 - our own
    await expire(ledger)
    assert await ledger.send() == 1
    assert ledger.reminders() == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


@pytest.mark.parametrize("until", FUTURES)
@pytest.mark.parametrize("arrived", [True, False])
async def test_a_lease_of_the_future_that_was_begun_is_settled(
    ledger: Ledger, until: str, *, arrived: bool
) -> None:
    """The owner died after its POST; whether it arrived is known by asking."""
    await ledger.register(permit())
    ledger.provider.script, ledger.provider.lost = [Unknown("timeout")], arrived
    await ledger.send_at(PREPARE)
    ledger.provider.lost = False
    columns = ("lease_until", "posted_after", "absent_at")
    values = ", ".join(f"{one} = {until}" for one in columns)
    ledger.tamper(
        f"UPDATE messages SET state = 'sending', reason = NULL, {values}",  # noqa: S608 - our own
        "UPDATE reminders SET state = 'sending', reason = NULL",
        "DELETE FROM reminder_events WHERE state = 'uncertain'",
    )
    await expire(ledger)
    assert ledger.states() == ["uncertain"]
    for _ in range(2):
        await ledger.settle(timedelta())
    await ledger.send()
    assert len(ledger.provider.taken) == 1
    assert ledger.reminders() == {"prepare": ("sent", None)}


async def test_a_lease_of_the_present_is_left_alone(ledger: Ledger) -> None:
    await claimed(ledger)
    before = ledger.message()
    assert await ledger.leases.expire_leases(PREPARE) == 0
    assert ledger.message() == before


def test_no_settings_give_a_longer_lease_than_the_longest() -> None:
    for settle in (0.1, 60.0, 300.0, 86_400.0):
        assert Settings(settle=settle).lease <= LONGEST_LEASE


@pytest.mark.parametrize("until", FUTURES)
async def test_an_outcome_with_an_instant_of_the_future_may_be_decided(
    ledger: Ledger, until: str
) -> None:
    """No crash: the refusal says from when on."""
    await ledger.register(permit())
    ledger.provider.script = [Unknown("timeout")]
    await ledger.send_at(PREPARE)
    ledger.tamper(f"UPDATE messages SET lease_until = {until}")  # noqa: S608 - our own
    ledger.provider.deaf = True
    await ledger.settle()
    [open_] = await ledger.unknown.list_uncertain()
    assert (open_.lease_until - open_.asked_at).total_seconds() <= LONGEST_LEASE


@pytest.mark.parametrize("until", FUTURES)
async def test_a_wait_of_the_future_is_over(ledger: Ledger, until: str) -> None:
    await ledger.register(permit())
    ledger.provider.script = [NOWHERE]
    await ledger.send_at(PREPARE)
    assert await ledger.send() == 0, "the wait after a refusal"
    ledger.tamper(f"UPDATE reminders SET retry_at = {until}")  # noqa: S608 - our own
    assert await ledger.send() == 1
    assert await ledger.audit() == []


BY_HAND = {
    "state": "state = 'broken'",
    "no probe": "probe_at = NULL",
    "probe in the year 9999": f"probe_at = {YEAR_9999}",
    "probe taken until 9999": (
        f"state = 'half-open', probe_owner = '{'0' * 32}', probe_until = {YEAR_9999}"
    ),
    "no wait": "wait_seconds = 0",
    "a wait of years": "wait_seconds = 1000000000",
    "generation": "generation = -5",
    "failures": "failures = -1",
    "changed": f"changed_at = {YEAR_9999}",
}


@pytest.mark.parametrize("how", BY_HAND)
async def test_a_circuit_changed_by_hand_closes_when_its_provider_answers(
    ledger: Ledger, how: str
) -> None:
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(1, 9)))
    ledger.provider.script = [NOWHERE] * 8
    await ledger.send_at(PREPARE)
    assert await ledger.send() == 0, "the circuit is open"
    ledger.provider.script.clear()
    ledger.tamper(
        f"UPDATE circuits SET probe_at = {PAST}",  # noqa: S608 - our own
        f"UPDATE circuits SET {BY_HAND[how]}",  # noqa: S608 - our own
        "UPDATE reminders SET retry_at = NULL",
    )
    for _ in range(4):
        await ledger.send()
    assert len(ledger.provider.taken) == 8
    assert ledger.rows("SELECT state FROM circuits") == [{"state": "closed"}]


async def test_an_instant_that_is_none_is_said_in_a_line(ledger: Ledger) -> None:
    await claimed(ledger)
    ledger.tamper(
        "UPDATE messages SET state = 'uncertain', reason = 'test', "
        "lease_until = 'yesterday'"
    )
    with pytest.raises(SetUpError, match="'yesterday' where an instant belongs"):
        await ledger.unknown.list_uncertain()


def test_a_clock_that_was_never_set_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Unset(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override] # as called
            assert tz is UTC
            return datetime(1970, 1, 1, 0, 1, tzinfo=UTC)

    assert SystemClock().now().year >= 2026
    monkeypatch.setattr("service.adapters.clock.datetime", Unset)
    with pytest.raises(SetUpError, match="shows 1970-01-01 00:01 UTC; set it"):
        SystemClock().now()


async def move_clock(ledger: Ledger, seconds: float) -> None:
    """As if the last pass had read a clock that was wrong by so many seconds."""
    [row] = ledger.rows("SELECT value FROM facts WHERE key = 'clock reading'")
    boot, monotonic, at = row["value"].split()
    moved = datetime.fromisoformat(at) - timedelta(seconds=seconds)
    value = f"{boot} {monotonic} {moved.isoformat()}"
    ledger.tamper(f"UPDATE facts SET value = '{value}' WHERE key = 'clock reading'")  # noqa: S608 - our own


@pytest.mark.parametrize("seconds", [3600, -3600, None])
async def test_an_absence_proves_nothing_across_a_jump_of_the_clock(
    ledger: Ledger, seconds: int | None
) -> None:
    """The list lagged for some seconds, which the clock made an hour."""
    await ledger.register(permit())
    ledger.provider.script, ledger.provider.lost = [Unknown("timeout")], True
    await ledger.send_at(PREPARE)
    taken, ledger.provider.taken = ledger.provider.taken, []
    await ledger.settle(MINUTE)
    ledger.tamper(
        f"UPDATE messages SET absent_at = {PAST}, lease_until = {PAST}"  # noqa: S608 - our own
    )
    if seconds is not None:
        await move_clock(ledger, seconds)
    await ledger.settle(MINUTE)
    assert ledger.states() == ["not-accepted" if seconds is None else "uncertain"]
    ledger.provider.taken = taken
    await ledger.settle(MINUTE)


async def test_a_lease_is_as_long_as_ever_after_a_jump_of_the_clock(
    ledger: Ledger,
) -> None:
    """Its owner may be POSTing: it goes by its own monotonic clock."""
    await claimed(ledger)
    await ledger.leases.expire_leases(PREPARE)
    ledger.tamper(f"UPDATE messages SET lease_until = {PAST}, begun = 1")  # noqa: S608 - our own
    await move_clock(ledger, 3600)
    assert await ledger.leases.expire_leases(PREPARE) == 0
    assert ledger.states() == ["sending"]


async def test_leases_end_though_workers_on_two_machines_take_turns(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is new may be this machine after a restart; later each has its own."""
    await claimed(ledger)

    async def expire_on(machine: str) -> int:
        monkeypatch.setattr(clock_jump, "_boot_id", lambda: machine)
        return await ledger.leases.expire_leases(PREPARE)

    await expire_on("one")
    ledger.tamper(f"UPDATE messages SET lease_until = {PAST}")  # noqa: S608 - our own
    assert await expire_on("other") == 0
    assert await expire_on("one") == 0
    ledger.tamper(f"UPDATE messages SET lease_until = {PAST}")  # noqa: S608 - our own
    assert await expire_on("other") == 1
