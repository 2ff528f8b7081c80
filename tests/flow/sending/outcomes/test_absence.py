"""Proof of absence goes on by itself, within bounds; then a person decides."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from service.adapters.store.db.health import SqlHealth
from service.domain.delivery.outcome import AccountMessage, Unknown
from service.domain.delivery.status import MessageState
from tests.flow.fakes import LISTED_AT, Taken
from tests.flow.ledger import LAST_CALL, PHONE_1, PREPARE, Ledger, permit, word

SETTLE = timedelta(minutes=5)
ABROAD = "+8613800138000"

Lose = Callable[[], Awaitable[str]]


def earlier(ledger: Ledger, time: timedelta) -> None:
    """Let time pass on the database's clock, for what is unknown and for re-sends."""
    seconds = time.total_seconds()
    past = f"strftime('%Y-%m-%d %H:%M:%f000', {{}}, '-{seconds} seconds')"
    for column in ("absent_at", "lease_until", "posted_after"):
        then = past.format(column)
        ledger.tamper(
            f"UPDATE messages SET {column} = {then} WHERE state = 'uncertain'"  # noqa: S608 - our own words
        )
    ledger.tamper("UPDATE reminders SET retry_at = NULL")


def newest(ledger: Ledger) -> dict[str, str]:
    return ledger.rows("SELECT * FROM messages ORDER BY id DESC LIMIT 1")[0]


@pytest.fixture
async def lose(ledger: Ledger) -> Lose:
    """POSTs the only permit's reminder, and loses the answer; returns the id."""
    await ledger.register(permit())
    await ledger.expand(PREPARE)

    async def post() -> str:
        ledger.provider.script = [Unknown("timeout")]
        assert await ledger.send() == 1
        return newest(ledger)["id"]

    return post


async def be_absent(ledger: Ledger, apart: timedelta, *, is_vouched: bool) -> None:
    """Be absent from the list twice, so far apart."""
    await ledger.settle(SETTLE, is_vouched=is_vouched)
    earlier(ledger, apart)
    await ledger.settle(SETTLE, is_vouched=is_vouched)


async def vouched(ledger: Ledger) -> None:
    """Be absent with proof, whatever the time that it takes."""
    await be_absent(ledger, 4 * SETTLE, is_vouched=True)


@pytest.mark.parametrize(("before", "needed"), [(0, SETTLE), (1, 4 * SETTLE)])
async def test_each_further_resend_needs_a_proof_four_times_as_long(
    ledger: Ledger, lose: Lose, before: int, needed: timedelta
) -> None:
    await lose()
    for _ in range(before):
        await vouched(ledger)
        await lose()
    await be_absent(ledger, needed - timedelta(minutes=1), is_vouched=True)
    assert newest(ledger)["state"] == "uncertain"
    earlier(ledger, timedelta(minutes=1))
    await ledger.settle(SETTLE)
    assert newest(ledger)["state"] == "not-accepted"
    [row] = ledger.rows("SELECT state, returned FROM reminders")
    assert row == {"state": "due", "returned": before + 1}
    assert await ledger.audit() == []


async def test_three_messages_are_sent_at_most_then_an_operator_decides(
    ledger: Ledger, lose: Lose
) -> None:
    for _ in range(2):
        await lose()
        await vouched(ledger)
    last = await lose()
    for _ in range(3):
        await vouched(ledger)
    assert ledger.states() == ["not-accepted", "not-accepted", "uncertain"]
    assert await ledger.send() == 0
    assert len(ledger.provider.posted) == 3
    assert ledger.alarms() == ["outcome unknown"]
    reason = newest(ledger)["reason"]
    assert reason.startswith("absent again: an operator decides; absent at 20")
    assert reason.endswith(" UTC, sent again 2 times already")
    [seen] = ledger.rows("SELECT detail FROM actions WHERE what = 'outcome unknown'")
    assert reason in seen["detail"]
    posted = ledger.provider.posted[-1]
    ledger.provider.taken.append(Taken("SM9", posted.phone, posted.body, posted.id))
    earlier(ledger, timedelta(hours=1))
    await ledger.settle(SETTLE)
    assert newest(ledger)["id"] == last
    assert newest(ledger)["state"] == "accepted", "the list had lagged"
    assert await ledger.audit() == []


async def test_what_is_left_to_an_operator_is_asked_about_once_an_hour(
    ledger: Ledger, lose: Lose
) -> None:
    for _ in range(2):
        await lose()
        await vouched(ledger)
    await lose()
    await vouched(ledger)
    asked = ledger.provider.asked
    for _ in range(3):
        await ledger.settle(SETTLE)
    assert ledger.provider.asked == asked
    earlier(ledger, timedelta(hours=1))
    for _ in range(3):
        await ledger.settle(SETTLE)
    assert ledger.provider.asked == asked + 1, "once more, and in an hour again"


@pytest.mark.parametrize(
    ("left", "state"),
    [
        (timedelta(hours=24), "not-accepted"),
        (timedelta(hours=23, minutes=59), "uncertain"),
        (timedelta(seconds=1), "uncertain"),
        (timedelta(), "not-accepted"),
    ],
    ids=["a day before the end", "within the day", "at the last moment", "at the end"],
)
async def test_nothing_is_sent_again_within_a_day_of_its_steps_end(
    ledger: Ledger, lose: Lose, left: timedelta, state: str
) -> None:
    await lose()
    ledger.clock.move_to(LAST_CALL - left)
    await vouched(ledger)
    assert ledger.states() == [state]
    if state == "uncertain":
        assert newest(ledger)["reason"].endswith("its step ends within 24 hours")
        assert ledger.alarms() == ["outcome unknown"]
    assert await ledger.audit() == []


async def test_after_its_steps_end_an_absence_ends_it_and_nothing_is_sent(
    ledger: Ledger, lose: Lose
) -> None:
    await lose()
    ledger.clock.move_to(LAST_CALL - timedelta(hours=1))
    await vouched(ledger)
    ledger.clock.move_to(LAST_CALL)
    earlier(ledger, timedelta(hours=1))
    await vouched(ledger)
    assert await ledger.send() == 0
    assert ledger.reminders()["prepare"] == ("missed", "window closed")
    assert await ledger.audit() == []


async def test_a_list_that_shows_no_other_message_proves_nothing(
    ledger: Ledger, lose: Lose
) -> None:
    await lose()
    await be_absent(ledger, SETTLE, is_vouched=False)
    assert ledger.states() == ["uncertain"]
    row = newest(ledger)
    since = row["posted_after"][:19]
    assert row["reason"].startswith("absent again: asked every hour; absent at 20")
    assert row["reason"].endswith(f", no other message to +1 shown since {since} UTC")
    assert ledger.alarms() == [], "the service goes on asking"
    asked = ledger.provider.asked
    await ledger.settle(SETTLE)
    assert ledger.provider.asked == asked
    earlier(ledger, timedelta(hours=1))
    await ledger.settle(SETTLE)
    assert ledger.states() == ["not-accepted"], "now another one is shown"
    assert await ledger.audit() == []


async def send_another(ledger: Ledger, phone: str, number: str = "SC-0002") -> None:
    """Have another message accepted."""
    await ledger.register(permit(number, phones=(phone,)))
    assert await ledger.send() == 1
    assert newest(ledger)["state"] == "accepted"


@pytest.mark.parametrize(
    ("phone", "state"),
    [
        ("+12125550102", "not-accepted"),
        (ABROAD, "uncertain"),
        (PHONE_1, "not-accepted"),
    ],
    ids=["the same country", "another country", "the same phone"],
)
async def test_another_message_vouches_for_its_country_and_for_its_phone(
    ledger: Ledger, lose: Lose, phone: str, state: str
) -> None:
    await lose()
    await send_another(ledger, phone)
    await be_absent(ledger, SETTLE, is_vouched=False)
    assert ledger.states() == [state, "accepted"]
    assert len(ledger.provider.accounts) == (0 if phone == PHONE_1 else 1)


async def test_a_message_abroad_needs_one_to_its_own_country(ledger: Ledger) -> None:
    await ledger.register(permit(phones=(ABROAD,)))
    await ledger.expand(PREPARE)
    ledger.provider.script = [Unknown("timeout")]
    assert await ledger.send() == 1
    await send_another(ledger, "+12125550102")
    await be_absent(ledger, SETTLE, is_vouched=False)
    [row, _] = ledger.rows("SELECT state, reason FROM messages ORDER BY id")
    assert row["state"] == "uncertain"
    assert "no other message to +86 shown since" in row["reason"]
    await send_another(ledger, "+8613800138001", "SC-0003")
    earlier(ledger, timedelta(hours=1))
    await ledger.settle(SETTLE, is_vouched=False)
    assert ledger.states() == ["not-accepted", "accepted", "accepted"]


async def test_an_older_message_vouches_for_its_phone_only(ledger: Ledger) -> None:
    await ledger.register(permit("SC-0002", phones=(PHONE_1,)))
    assert await ledger.send_at(PREPARE) == 1
    ledger.tamper("UPDATE messages SET posted_after = '2020-01-01 00:00:00.000000'")
    other = permit("SC-0003", phones=("+12125550103",))
    await ledger.register(permit("SC-0004", phones=(PHONE_1,)), other)
    ledger.clock.move_to(PREPARE + timedelta(minutes=1))
    ledger.provider.script = [Unknown("timeout")] * 2
    assert await ledger.send() == 2
    await be_absent(ledger, SETTLE, is_vouched=False)
    phones = "SELECT state, recipient_id FROM messages ORDER BY id"
    [first, *others] = ledger.rows(phones)
    same = [row["recipient_id"] == first["recipient_id"] for row in others]
    assert {*zip(same, [row["state"] for row in others], strict=True)} == {
        (True, "not-accepted"),
        (False, "uncertain"),
    }


HIDING: dict[str, tuple[Callable[[Ledger], object], str]] = {
    "that leaves out the country": (
        lambda ledger: setattr(ledger.provider, "hidden", "+1"),
        "no other message to +1 shown since",
    ),
    "that rewrites the country's numbers": (
        lambda ledger: setattr(ledger.provider, "shown_to", lambda to: f"00{to[1:]}"),
        "shows other numbers for +1",
    ),
    "that hides the ends of numbers": (
        lambda ledger: ledger.provider.others.append(listed("+1212555XXXX")),
        "the list of the account hides numbers",
    ),
    "that hides whole numbers": (
        lambda ledger: ledger.provider.others.append(listed("")),
        "the list of the account hides numbers",
    ),
    "with an unknown message to the phone": (
        lambda ledger: ledger.provider.others.append(listed(PHONE_1)),
        "shows a message like it",
    ),
    "with its text to an unknown number": (
        lambda ledger: ledger.provider.others.append(
            listed("+0", ledger.provider.posted[0].body)
        ),
        "shows a message like it",
    ),
    "that is cut off": (
        lambda ledger: setattr(ledger.provider, "is_complete", False),
        "is too long to be read",
    ),
}


def listed(to: str, body: str = "hello") -> AccountMessage:
    return AccountMessage("SM77", to, body, LISTED_AT)


@pytest.mark.parametrize("fault", HIDING)
async def test_a_list_proves_nothing(ledger: Ledger, lose: Lose, fault: str) -> None:
    hide, seen = HIDING[fault]
    await lose()
    await send_another(ledger, "+12125550102")
    await ledger.settle(SETTLE, is_vouched=False)
    earlier(ledger, SETTLE)
    hide(ledger)
    await ledger.settle(SETTLE, is_vouched=False)
    [row, _] = ledger.rows("SELECT * FROM messages ORDER BY id")
    assert row["state"] == "uncertain"
    assert seen in row["reason"]


async def test_numbers_and_texts_of_other_programs_do_not_matter(
    ledger: Ledger, lose: Lose
) -> None:
    await lose()
    await send_another(ledger, "+12125550102")
    await ledger.settle(SETTLE, is_vouched=False)
    earlier(ledger, SETTLE)
    ledger.provider.others = [listed("whatsapp:+12125550101"), listed("+1213XXXXXXX")]
    await ledger.settle(SETTLE, is_vouched=False)
    assert ledger.states() == ["not-accepted", "accepted"]


async def test_one_list_of_the_account_serves_all_and_is_asked_for_when_it_counts(
    ledger: Ledger,
) -> None:
    numbers = [f"SC-{at:04}" for at in range(1, 9)]
    await ledger.register(*map(permit, numbers))
    await ledger.expand(PREPARE)
    ledger.provider.script = [Unknown("timeout")] * 4
    await ledger.send()
    await ledger.settle(SETTLE, is_vouched=False)
    assert ledger.provider.accounts == [], "nothing is proven yet"
    earlier(ledger, SETTLE)
    await ledger.settle(SETTLE, is_vouched=False)
    assert len(ledger.provider.accounts) == 1
    assert sorted(ledger.states()) == ["accepted"] * 4 + ["not-accepted"] * 4


async def test_a_list_of_the_account_that_cannot_be_had_is_asked_for_again(
    ledger: Ledger, lose: Lose, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lose()
    await ledger.settle(SETTLE)
    earlier(ledger, SETTLE)

    async def deaf(_: object) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(ledger.provider, "list_since", deaf)
        await ledger.settle(SETTLE)
    assert newest(ledger)["reason"] == "timeout"
    await ledger.settle(SETTLE)
    assert ledger.states() == ["not-accepted"]


@pytest.fixture
async def returned(ledger: Ledger, lose: Lose) -> str:
    """The id of a message that was absent twice."""
    message = await lose()
    await vouched(ledger)
    assert ledger.states() == ["not-accepted"]
    return message


def paused(ledger: Ledger) -> list[tuple[str, str]]:
    rows = ledger.rows("SELECT scope, by FROM pauses")
    return [(row["scope"], row["by"]) for row in rows]


GUARDED = [("resend:fake", "resend guard")]


async def test_an_absence_that_a_late_callback_proves_false_ends_automatic_resending(
    ledger: Ledger, returned: str
) -> None:
    await ledger.receive(word(MessageState.SENT, ref=returned))
    assert paused(ledger) == GUARDED
    assert ledger.alarms() == ["accepted after all"]
    [alarm] = ledger.rows("SELECT detail FROM actions WHERE by = 'service'")
    assert '"paused": "resend:fake"' in alarm["detail"]
    problems = await SqlHealth(ledger.database).problems()
    assert [*problems] == ["paused resend:fake"]
    [problem] = problems.values()
    assert "was absent twice, and was accepted after all" in problem
    ledger.provider.script = [Unknown("timeout")]
    await ledger.register(permit("SC-0003"))
    assert await ledger.send() == 1, "ordinary sending goes on"
    await vouched(ledger)
    assert newest(ledger)["state"] == "uncertain"
    assert newest(ledger)["reason"].endswith("automatic re-sending is paused")
    assert "outcome unknown" in ledger.alarms()
    await ledger.brakes.resume("resend:fake", "ann", ledger.clock.now())
    earlier(ledger, timedelta(hours=1))
    await ledger.settle(SETTLE)
    assert newest(ledger)["state"] == "not-accepted", "a person has resumed"
    assert paused(ledger) == []
    assert await ledger.audit() == []


async def test_a_second_id_of_the_message_sent_after_an_absence_proves_it_false(
    ledger: Ledger, returned: str
) -> None:
    """The list showed the first SMS late: its id was bound to the second message."""
    assert returned
    assert await ledger.send() == 1
    second = newest(ledger)
    late = word(MessageState.DELIVERED, "SM99", ref=second["id"])
    assert await ledger.receive(late) == 0
    assert paused(ledger) == GUARDED
    assert ledger.alarms() == ["second provider id"]


async def test_a_callback_of_the_absent_message_under_a_bound_id_proves_it_false(
    ledger: Ledger, returned: str
) -> None:
    assert await ledger.send() == 1
    bound = newest(ledger)["provider_id"]
    await ledger.receive(word(MessageState.DELIVERED, bound, ref=returned))
    assert paused(ledger) == GUARDED
    assert ledger.alarms() == ["accepted after all"]


async def test_a_second_id_without_an_absence_before_pauses_nothing(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    message = newest(ledger)["id"]
    await ledger.receive(word(MessageState.DELIVERED, "SM99", ref=message))
    assert ledger.alarms() == ["second provider id"]
    assert paused(ledger) == []


async def test_what_an_operator_sent_again_pauses_nothing_when_it_was_accepted(
    ledger: Ledger, returned: str
) -> None:
    ledger.tamper("UPDATE messages SET reason = 'operator ann: not in their log'")
    await ledger.receive(word(MessageState.SENT, ref=returned))
    assert ledger.alarms() == ["accepted after all"]
    assert paused(ledger) == []
