"""What an office, a phone and a sender may have, kept by every worker together."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from service.domain.deadlines.slot import current_slot
from service.domain.delivery.outcome import RefusalKind, Refused
from service.domain.law_change.edits import AuthoritiesEdit, RulesEdit
from service.domain.messages.segments import measure
from service.domain.reminders.limits import DAILY_LIMIT, RECIPIENT_LIMIT
from tests.flow.ledger import (
    EXPIRES,
    FOOD,
    OFFICE,
    PHONE_1,
    PREPARE,
    START,
    Ledger,
    permit,
)

DAY = timedelta(days=1)
NEXT_MORNING = datetime(2024, 9, 20, 1, 30, tzinfo=UTC)


async def limit(ledger: Ledger, **changed: object) -> None:
    """Give the office other limits."""
    office = (await ledger.office.current_law()).authority(OFFICE)
    await ledger.change(AuthoritiesEdit([replace(office, **changed)]))  # type: ignore[arg-type] # fields by name


async def separately(ledger: Ledger) -> None:
    """Let each permit have an SMS of its own."""
    rule = (await ledger.office.current_law()).rule(FOOD)
    await ledger.change(RulesEdit([replace(rule, merges=False)]))


def held(ledger: Ledger) -> dict[str, tuple[str, str]]:
    found = ledger.rows(
        "SELECT p.shown_number, r.hold_reason, r.next_at FROM reminders r "
        "JOIN permits p ON p.id = r.permit_id WHERE hold_reason IS NOT NULL"
    )
    return {
        row["shown_number"]: (row["hold_reason"], row["next_at"][:16]) for row in found
    }


async def test_a_phone_that_had_its_texts_of_the_day_waits_for_the_next(
    ledger: Ledger,
) -> None:
    await separately(ledger)
    await ledger.register(
        *(permit(f"SC-000{at}", phones=(PHONE_1,)) for at in range(1, 5))
    )
    assert await ledger.send_at(PREPARE) == 2
    waits = (RECIPIENT_LIMIT, "2024-09-20 01:30")
    assert held(ledger) == {"SC-0003": waits, "SC-0004": waits}
    assert await ledger.send_at(NEXT_MORNING - timedelta(seconds=1)) == 0
    assert await ledger.send_at(NEXT_MORNING) == 2
    assert held(ledger) == {}
    assert await ledger.audit() == []


async def test_a_text_not_accepted_does_not_count_towards_the_daily_limit(
    ledger: Ledger,
) -> None:
    await separately(ledger)
    await ledger.register(
        *(permit(f"SC-000{at}", phones=(PHONE_1,)) for at in range(1, 4))
    )
    ledger.provider.script = [Refused(RefusalKind.BAD_CONTENT, "21617", "HTTP 400")] * 2
    await ledger.send_at(PREPARE)
    assert held(ledger) == {"SC-0003": (RECIPIENT_LIMIT, "2024-09-20 01:30")}
    await ledger.send_at(NEXT_MORNING)
    assert sorted(ledger.states()) == ["accepted", "refused", "refused"]


async def test_an_office_stops_at_its_daily_limit_after_sending_what_closes_soonest(
    ledger: Ledger,
) -> None:
    await limit(ledger, daily_limit=3)
    dates = [EXPIRES + at * DAY for at in (4, 3, 2, 1, 0)]
    await ledger.register(
        *(permit(f"SC-000{at}", expires_on=day) for at, day in enumerate(dates, 1))
    )
    late = PREPARE + 6 * DAY
    assert await ledger.send_at(late) == 3
    assert {number: reason for number, (reason, _) in held(ledger).items()} == {
        "SC-0001": DAILY_LIMIT,
        "SC-0002": DAILY_LIMIT,
    }
    assert await ledger.send() == 0
    assert await ledger.send_at(late + DAY) == 2
    assert await ledger.audit() == []


NOVEMBER = datetime(2024, 11, 13, 2, tzinfo=UTC)


async def another_step_tomorrow(ledger: Ledger) -> tuple[date, date]:
    """Expiry dates: of a permit whose step ends sooner, of one that closes sooner."""
    law, now = await ledger.office.current_law(), NOVEMBER
    soonest = dict[str, tuple[datetime, date, date]]()
    for expires_on in (date(2024, 12, 1) + at * DAY for at in range(90)):
        version = law.version_for(FOOD, OFFICE, expires_on)
        ladder = law.ladder(FOOD, version, OFFICE, expires_on)
        slot = current_slot(ladder.slots, now)
        if slot is not None and slot.until_at.date() > now.date():
            ends = slot.until_at, ladder.window.closes_on, expires_on
            soonest[slot.step] = min(ends, soonest.get(slot.step, ends))
    first, last = soonest["prepare"], soonest["last-call"]
    assert first[0] < last[0], "its step ends sooner"
    assert first[1] > last[1], "and its window later"
    return first[2], last[2]


async def test_a_reminder_that_closes_sooner_goes_before_one_with_another_step_tomorrow(
    ledger: Ledger,
) -> None:
    first, last = await another_step_tomorrow(ledger)
    await limit(ledger, daily_limit=1)
    await ledger.register(
        permit("SC-0001", expires_on=first), permit("SC-0002", expires_on=last)
    )
    assert await ledger.send_at(NOVEMBER) == 1
    assert [*held(ledger)] == ["SC-0001"]


async def test_what_closes_soonest_is_in_the_first_claim_however_many_are_due(
    ledger: Ledger,
) -> None:
    first, last = await another_step_tomorrow(ledger)
    others = (permit(f"SC-{at:04}", expires_on=first) for at in range(1, 30))
    await ledger.register(*others, permit("SC-0030", expires_on=last))
    await ledger.expand(NOVEMBER)
    [message] = (await ledger.claim(1)).messages
    assert "0030" in message.body


async def test_workers_share_an_office_s_daily_limit(ledger: Ledger) -> None:
    await limit(ledger, daily_limit=30)
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(100)))
    await ledger.expand(PREPARE)
    posted = await asyncio.gather(*(ledger.send() for _ in range(4)))
    assert sum(posted) == 30
    assert len(held(ledger)) == 70


async def test_workers_share_a_sender_s_rate_through_the_database(
    ledger: Ledger,
) -> None:
    await limit(ledger, messages_per_second=50.0)
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(40)))
    await ledger.expand(PREPARE)
    claims = await asyncio.gather(*(ledger.claim(10) for _ in range(4)))
    [row] = ledger.rows(
        "SELECT (julianday(free_at) - julianday("
        "(SELECT min(posted_after) FROM messages))) * 86400 AS ahead FROM rates"
    )
    assert row["ahead"] >= 40 / 50 - 0.01, "nobody's turns were given twice"
    delays = sorted(one.delay for claim in claims for one in claim.messages)
    assert len(delays) == 40
    assert delays[0] == 0.0


async def test_a_slow_sender_holds_up_no_other_office(ledger: Ledger) -> None:
    await limit(ledger, messages_per_second=0.001)
    law = await ledger.office.current_law()
    other = replace(law.authority("us-nyc"), sent_from="+15005550006")
    fast = replace(
        law.authority(OFFICE),
        code="990100",
        messages_per_second=None,
        sent_from="+15005550006",
    )
    await ledger.change(AuthoritiesEdit([other, fast]))
    await ledger.go_live(FOOD, live_from=ledger.clock.now(), authority="990100")
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(5)))
    await ledger.register(
        *(permit(f"SC-{at:04}", authority="990100") for at in range(100, 110))
    )
    await ledger.expand(PREPARE)
    first = await ledger.claim()
    assert len(first.messages) == 11, "one of the slow, all of the fast"
    assert first.busy_offices == {OFFICE}
    assert {one.sent_from for one in first.messages} == {None, "+15005550006"}
    assert held(ledger) == {}, "whose turn is to come is not held, only later"


async def test_a_long_text_takes_a_turn_for_each_of_its_segments(
    ledger: Ledger,
) -> None:
    await limit(ledger, segments_per_second=20.0)
    await separately(ledger)
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(4)))
    await ledger.expand(PREPARE)
    claim = await ledger.claim()
    long = measure(claim.messages[0].body).segments
    assert long > 1
    turns = [one.delay for one in claim.messages]
    assert turns == pytest.approx([at * long / 20 for at in range(4)])


async def test_a_rate_is_kept_between_the_posts(ledger: Ledger) -> None:
    await limit(ledger, messages_per_second=40.0)
    await ledger.register(*(permit(f"SC-{at:04}") for at in range(20)))
    assert await ledger.send_at(PREPARE) == 20
    [row] = ledger.rows("SELECT count(*) AS n FROM rates WHERE sender = 'default'")
    assert row["n"] == 1
    assert await ledger.audit() == []


@pytest.mark.parametrize("rate", ["messages_per_second", "segments_per_second"])
async def test_a_stored_rate_out_of_range_holds_only_its_own_office(
    ledger: Ledger, caplog: pytest.LogCaptureFixture, rate: str
) -> None:
    office = (await ledger.office.current_law()).authority(OFFICE)
    county = replace(office, code="990101", sent_from="+12125550177")
    slow = replace(office, **{rate: 1e-300})  # type: ignore[arg-type] # fields by name
    await ledger.change(AuthoritiesEdit([slow, county]))
    await ledger.go_live(FOOD, authority="990101", live_from=START)
    await ledger.register(permit(), permit("SC-0002", authority="990101"))
    assert await ledger.send_at(PREPARE) == 1
    assert [*held(ledger)] == ["SC-0001"]
    reason = "rate of the sender is out of range"
    assert held(ledger)["SC-0001"] == (reason, "2024-09-19 01:45")
    line = f"office 990000 is held: {reason}; load it again"
    assert line in [one.getMessage() for one in caplog.records]
    await ledger.change(AuthoritiesEdit([office]))
    assert await ledger.send_at(PREPARE + timedelta(minutes=15)) == 1
    assert await ledger.audit() == []
