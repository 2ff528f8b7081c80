"""A carrier reports a failure and a delivery: nobody who has the text gets another."""

from datetime import timedelta

import pytest

from service.domain.delivery.outcome import (
    NotPosted,
    Outcome,
    Receipt,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.delivery.status import MessageState
from tests.flow.ledger import (
    LAST_CALL,
    PHONE_1,
    PHONE_2,
    PREPARE,
    Ledger,
    permit,
    word,
)

M, K = MessageState, RefusalKind
HOUR = timedelta(hours=1)
LATER = PREPARE + 6 * HOUR
FAILURES = (M.UNDELIVERED, M.FAILED, M.CANCELED)


def passing(provider_id: str = "SM1", state: MessageState = M.UNDELIVERED) -> Receipt:
    return word(state, provider_id, kind=K.RETRY_LATER, code="30003")


def unassigned(provider_id: str = "SM1") -> Receipt:
    return word(M.UNDELIVERED, provider_id, kind=K.BAD_NUMBER, code="30005")


async def sent(ledger: Ledger, *phones: str) -> None:
    await ledger.register(permit(phones=phones or (PHONE_1,)))
    assert await ledger.send_at(PREPARE) == 1


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_planned_retry_ends_when_the_first_message_proves_delivered(
    ledger: Ledger, failure: MessageState
) -> None:
    await sent(ledger)
    await ledger.receive(passing(state=failure))
    assert ledger.reminders()["prepare"][0] == "retrying"
    ledger.clock.move_to(PREPARE + HOUR / 2)
    assert await ledger.receive(word(M.DELIVERED)) == 1
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert await ledger.send_at(LATER) == 0
    assert len(ledger.provider.posted) == 1
    assert await ledger.audit() == []


@pytest.mark.parametrize("failure", [passing(), unassigned()], ids=["passing", "dead"])
async def test_a_failure_reported_after_the_delivery_changes_and_sends_nothing(
    ledger: Ledger, failure: Receipt
) -> None:
    await sent(ledger, PHONE_1, PHONE_2)
    await ledger.receive(word(M.DELIVERED))
    assert await ledger.receive(failure) == 0
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert ledger.rows("SELECT * FROM recipients WHERE unreachable_at NOT NULL") == []
    assert await ledger.send_at(LATER) == 0
    assert await ledger.audit() == []


async def test_both_in_one_transaction_send_nothing_in_either_order(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(), permit("SC-0002"))
    assert await ledger.send_at(PREPARE) == 2
    delivered = [word(M.DELIVERED, sid) for sid in ("SM1", "SM2")]
    await ledger.receive(passing("SM1"), *delivered, passing("SM2"))
    assert ledger.states() == ["delivered"] * 2
    assert await ledger.send_at(LATER) == 0
    assert await ledger.audit() == []


async def test_the_next_number_is_not_tried_once_the_first_proves_to_have_the_text(
    ledger: Ledger,
) -> None:
    await sent(ledger, PHONE_1, PHONE_2)
    await ledger.receive(unassigned())
    assert ledger.reminders()["prepare"][0] == "retrying"
    await ledger.receive(word(M.DELIVERED))
    assert await ledger.send_at(LATER) == 0
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert ledger.rows("SELECT * FROM recipients WHERE unreachable_at NOT NULL") == []
    await ledger.send_at(LAST_CALL)
    assert [one.phone for one in ledger.provider.posted] == [PHONE_1, PHONE_1]
    assert await ledger.audit() == []


async def test_a_reminder_that_ended_for_want_of_a_number_is_reopened_by_the_delivery(
    ledger: Ledger,
) -> None:
    """Another permit's reminder to the same phone ended because of the failure."""
    await sent(ledger)
    await ledger.receive(unassigned())
    await ledger.register(permit("SC-0002", phones=(PHONE_1,)))
    assert await ledger.send_at(PREPARE + HOUR) == 0
    assert ledger.reminders("SC-0002")["prepare"][0] == "suppressed"
    await ledger.receive(word(M.DELIVERED))
    assert await ledger.send() == 1
    assert ledger.reminders("SC-0002") == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


async def test_a_retry_that_may_have_been_posted_stays(ledger: Ledger) -> None:
    await sent(ledger)
    await ledger.receive(passing())
    await ledger.expand(PREPARE + HOUR)
    claim = await ledger.claim()
    owner = ledger.rows("SELECT owner FROM messages WHERE state = 'sending'")[0]
    assert len(await ledger.begin(owner["owner"], *claim.messages)) == 1
    assert await ledger.receive(word(M.DELIVERED)) == 1
    assert ledger.reminders()["prepare"][0] == "sending"
    assert ledger.states() == ["delivered", "sending"]


@pytest.mark.parametrize("failure", [passing(), unassigned()], ids=["passing", "dead"])
async def test_a_retry_that_is_claimed_and_not_begun_is_never_posted(
    ledger: Ledger, failure: Receipt
) -> None:
    await sent(ledger, PHONE_1, PHONE_2)
    await ledger.receive(failure)
    await ledger.register(permit("SC-0002", phones=(PHONE_2,)))
    await ledger.expand(PREPARE + HOUR)
    claim = await ledger.claim()
    owner = ledger.rows("SELECT owner FROM messages WHERE state = 'sending'")[0]
    assert await ledger.receive(word(M.DELIVERED)) == 1
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert await ledger.audit() == []
    begun = await ledger.begin(owner["owner"], *claim.messages)
    assert len(begun) == len(claim.messages) - 1
    await ledger.record(owner["owner"], [(one, NotPosted()) for one in claim.messages])
    assert await ledger.send_at(LATER) == 1, "the other permit's"
    assert ledger.reminders("SC-0002") == {"prepare": ("sent", None)}
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert await ledger.audit() == []


@pytest.mark.parametrize(
    "outcome",
    [
        NotPosted(),
        Refused(K.RETRY_SAFE, "20429", "HTTP 429"),
        Refused(K.BAD_CONTENT, "21617", "HTTP 400"),
        Refused(K.BAD_NUMBER, "21211", "HTTP 400"),
        Refused(K.OPTED_OUT, "21610", "HTTP 400"),
        Refused(K.ROUTE, "21408", "HTTP 400"),
        Refused(K.ACCOUNT, "20003", "HTTP 401"),
    ],
    ids=str,
)
async def test_a_retry_that_comes_to_nothing_is_not_followed_by_a_third_message(
    ledger: Ledger, outcome: Outcome
) -> None:
    await sent(ledger, PHONE_1, PHONE_2)
    await ledger.receive(passing())

    async def first_arrives() -> None:
        await ledger.receive(word(M.DELIVERED))

    ledger.provider.before = [first_arrives]
    ledger.provider.script = [outcome]
    await ledger.send_at(PREPARE + HOUR)
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert await ledger.send_at(LATER) == 0
    assert len(ledger.provider.posted) == 2
    assert await ledger.audit() == []


async def test_a_retry_that_is_proven_absent_returns_to_the_delivered_message(
    ledger: Ledger,
) -> None:
    await sent(ledger)
    await ledger.receive(passing())
    ledger.provider.script = [Unknown("timeout")]
    await ledger.send_at(PREPARE + HOUR)
    await ledger.receive(word(M.DELIVERED))
    assert ledger.reminders()["prepare"][0] == "uncertain"
    for _ in range(2):
        await ledger.settle(-timedelta(minutes=5))
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert await ledger.send_at(LATER) == 0
    assert await ledger.audit() == []


async def test_a_second_failure_makes_no_third_message_where_the_first_arrived(
    ledger: Ledger,
) -> None:
    await sent(ledger)
    await ledger.receive(passing())
    await ledger.send_at(PREPARE + HOUR)
    await ledger.receive(passing("SM2"))
    assert ledger.reminders()["prepare"][0] == "retrying"
    await ledger.receive(word(M.DELIVERED, "SM1"))
    assert ledger.reminders() == {"prepare": ("delivered", None)}
    assert await ledger.send_at(LATER) == 0
    assert await ledger.audit() == []


async def test_a_delivered_message_shows_no_fault_and_the_instant_of_its_delivery(
    ledger: Ledger,
) -> None:
    await sent(ledger)
    await ledger.receive(passing())
    assert ledger.message()["code"] == "30003"
    ledger.clock.move_to(PREPARE + HOUR / 2)
    await ledger.receive(word(M.DELIVERED))
    assert ledger.message()["final_at"] == "2024-09-19 02:00:00.000000"
    assert (ledger.message()["kind"], ledger.message()["code"]) == (None, None)
    ledger.clock.move_to(PREPARE + HOUR)
    await ledger.receive(word(M.READ))
    assert ledger.message()["final_at"] == "2024-09-19 02:00:00.000000"
    assert await ledger.audit() == []
