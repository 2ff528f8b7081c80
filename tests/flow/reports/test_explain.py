"""The explanation of one permit: what was sent, and why nothing was."""

from datetime import date, timedelta
from typing import Any

import pytest

from service.domain.delivery.outcome import RefusalKind, Refused, Unknown
from service.domain.delivery.status import MessageState
from service.domain.permits.permit import PermitStatus
from tests.flow.law_change.test_change import SERIES
from tests.flow.ledger import (
    EXPIRES,
    FOOD,
    LANDLINE,
    LAST_CALL,
    OFFICE,
    PREPARE,
    Ledger,
    permit,
    word,
)
from tests.flow.reports.explanations import DAY, MINUTE, explanation, moves, outcomes

MASKED = "+1212***0101"


async def test_before_anything_falls_due_every_step_says_when_it_will(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    answer = await explanation(ledger)
    assert answer["history"] == []
    assert answer["steps"] == [
        {
            "step": "prepare",
            "due_at": PREPARE,
            "outcome": "not due before 2024-09-19 09:30 Asia/Shanghai",
        },
        {
            "step": "last-call",
            "due_at": LAST_CALL,
            "outcome": "not due before 2024-11-11 09:30 Asia/Shanghai",
        },
    ]


async def test_a_text_is_explained_from_its_creation_to_its_delivery(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    ledger.clock.move_to(PREPARE + MINUTE)
    await ledger.receive(word(MessageState.DELIVERED))
    answer = await explanation(ledger)
    [one] = answer["history"]
    assert (one["step"], one["expires_on"]) == ("prepare", EXPIRES)
    assert [move["at"] for move in one["moves"]] == [PREPARE] * 3 + [PREPARE + MINUTE]
    assert moves(answer) == [
        [
            (
                "created, due 2024-09-19 09:30 Asia/Shanghai, current until 2024-11-11 "
                f"09:30 Asia/Shanghai, by {SERIES}.1"
            ),
            f"sending to {MASKED}",
            f"sent to {MASKED} through fake; it names 2024-11-18 as the last day",
            f"delivered to {MASKED}",
        ]
    ]
    assert answer["steps"][0]["outcome"] == (
        f"sent to {MASKED} on 2024-09-19 09:30 Asia/Shanghai and delivered"
    )


async def test_a_failed_text_names_the_provider_s_code(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    await ledger.receive(word(MessageState.UNDELIVERED, code="30003"))
    outcome = (await outcomes(ledger))["prepare"]
    assert outcome.endswith(", not delivered (undelivered), code 30003")
    ledger.provider.script = [Refused(RefusalKind.BAD_NUMBER, "21211", "HTTP 400")]
    await ledger.send_at(LAST_CALL)
    answer = await explanation(ledger)
    assert moves(answer)[1][-1] == "refused: bad-number, code 21211"
    assert answer["steps"][1]["outcome"] == (
        "not sent, refused: bad-number, code 21211"
    )


async def test_an_unknown_outcome_is_explained_as_unknown(ledger: Ledger) -> None:
    await ledger.register(permit())
    ledger.provider.script = [Unknown("timeout")]
    await ledger.send_at(PREPARE)
    outcome = (await outcomes(ledger))["prepare"]
    assert outcome == f"perhaps sent to {MASKED}, the provider is asked: timeout"


async def test_a_held_reminder_says_until_when_and_a_paused_one_by_whom(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE + timedelta(hours=9))
    assert (await outcomes(ledger))["prepare"] == (
        "due, held until 2024-09-20 09:30 Asia/Shanghai: outside sending hours"
    )
    await ledger.brakes.pause(f"authority:{OFFICE}", "li", "typing errors", PREPARE)
    by_step = await outcomes(ledger)
    pause = (
        "authority:990000 has been paused since 2024-09-19 09:30 Asia/Shanghai by li: "
        "typing errors"
    )
    assert by_step["prepare"] == f"due, but {pause}"
    assert by_step["last-call"].endswith(
        f"as things stand it will not be sent: {pause}"
    )


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [
        (
            {"phones": (LANDLINE,)},
            "as things stand it will not be sent: none of the permit's numbers is a ",
            "not sent (suppressed): none of the permit's numbers is a mobile phone",
        ),
        (
            {"phones": ()},
            "as things stand it will not be sent: the permit has no phone number",
            "not sent (suppressed): the permit has no phone number",
        ),
        (
            {"status": PermitStatus.SUSPENDED},
            "as things stand it will not be sent: the permit is suspended",
            "not sent: the permit is suspended",
        ),
        (
            {"renewal_filed_on": date(2024, 9, 1)},
            "as things stand it will not be sent: its renewal has been applied for",
            "not sent (cancelled): its renewal has been applied for",
        ),
    ],
)
async def test_why_a_permit_is_not_texted_is_explained_before_and_after(
    ledger: Ledger, changes: dict[str, Any], before: str, after: str
) -> None:
    await ledger.register(permit(**changes))
    assert before in (await outcomes(ledger))["prepare"]
    await ledger.send_at(PREPARE)
    assert (await outcomes(ledger))["prepare"] == after


async def test_the_step_of_a_renewed_permit_says_that_it_is_renewed(
    ledger: Ledger,
) -> None:
    newer = permit("SC-0002", replaces="SC-0001", expires_on=date(2029, 12, 31))
    await ledger.register(permit(), newer)
    assert "the permit has been renewed" in (await outcomes(ledger))["last-call"]


async def test_an_office_that_is_not_live_says_so(draft: Ledger) -> None:
    await draft.register(permit())
    await draft.expand(PREPARE)
    assert (await outcomes(draft))["prepare"] == (
        "not sent: 990000 has not gone live with this law"
    )
    await draft.go_live(FOOD, live_from=PREPARE + DAY)
    assert (await outcomes(draft))["prepare"] == (
        "not sent: 990000 is live with this law only from 2024-09-20 09:30 "
        "Asia/Shanghai"
    )
    await draft.expand(PREPARE + 2 * DAY)
    answer = await explanation(draft)
    why = "it fell due before the office went live with this law"
    assert moves(answer) == [[f"recorded as missed: {why}"]]
    assert answer["steps"][0]["outcome"] == f"not sent (missed): {why}"


async def test_a_permit_registered_late_says_which_steps_were_over(
    ledger: Ledger,
) -> None:
    ledger.clock.move_to(LAST_CALL + MINUTE)
    await ledger.register(permit())
    assert await outcomes(ledger) == {
        "prepare": (
            "not sent: the permit was registered on 2024-11-11 09:31 Asia/Shanghai, "
            "when this step was over"
        ),
        "last-call": "due: the next tick makes its reminder",
    }
    ledger.clock.move_to(LAST_CALL + 2 * MINUTE)
    await ledger.register(permit(expires_on=date(2024, 12, 30)))
    assert (
        "the permit was given this expiry date on"
        in (await outcomes(ledger))["prepare"]
    )


async def test_the_reminders_of_a_former_expiry_date_stay_in_the_history(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.send_at(PREPARE)
    await ledger.register(permit(expires_on=date(2029, 12, 31)))
    answer = await explanation(ledger)
    assert [one["expires_on"] for one in answer["history"]] == [EXPIRES]
    assert answer["steps"][0]["outcome"].startswith("not due before 2029-")
