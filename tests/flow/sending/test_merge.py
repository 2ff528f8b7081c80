"""One SMS for what is due to a phone at once; each reminder keeps its own end."""

from dataclasses import replace
from datetime import timedelta

from service.domain.delivery.outcome import Accepted, Unknown
from service.domain.delivery.status import MessageState
from service.domain.law_change.edits import RulesEdit
from tests.flow.ledger import (
    EXPIRES,
    FOOD,
    LAST_CALL,
    PHONE_1,
    PHONE_2,
    PREPARE,
    Ledger,
    permit,
    word,
)

DAY = timedelta(days=1)
MINE = {"phones": (PHONE_1,), "holder": "One", "holder_code": "91990000MA00000142"}


def links(ledger: Ledger) -> list[tuple[str, int]]:
    found = ledger.rows(
        "SELECT p.shown_number, l.position FROM message_reminders l "
        "JOIN permits p ON p.id = l.permit_id ORDER BY l.message_id, l.position"
    )
    return [(row["shown_number"], row["position"]) for row in found]


async def test_permits_of_one_holder_are_one_sms_and_each_is_reminded(
    ledger: Ledger,
) -> None:
    await ledger.register(*(permit(f"SC-000{at}", **MINE) for at in (1, 2, 3)))
    assert await ledger.send_at(PREPARE) == 1
    [posted] = ledger.provider.posted
    assert "贵单位3件证照" in posted.body
    assert "尾号0001、0002、0003" in posted.body
    assert posted.template == "digest"
    assert links(ledger) == [("SC-0001", 0), ("SC-0002", 1), ("SC-0003", 2)]
    for number in ("SC-0001", "SC-0002", "SC-0003"):
        assert ledger.reminders(number) == {"prepare": ("sent", None)}
    assert await ledger.audit() == []


async def test_a_merged_sms_counts_as_one_message_of_its_first_reminder_s_type(
    ledger: Ledger,
) -> None:
    await ledger.register(*(permit(f"SC-000{at}", **MINE) for at in (1, 2)))
    await ledger.send_at(PREPARE)
    [message] = ledger.rows("SELECT * FROM messages")
    assert (message["rule"], message["office"]) == (FOOD, "990000")
    [counted] = ledger.rows(
        "SELECT count(DISTINCT sent_at) AS days, count(*) AS n FROM reminders"
    )
    assert (counted["days"], counted["n"]) == (1, 2)


async def test_an_agent_s_phone_gets_a_digest_that_names_no_holder(
    ledger: Ledger,
) -> None:
    await ledger.register(
        permit("SC-0001", phones=(PHONE_1,), holder="甲公司"),
        permit("SC-0002", phones=(PHONE_1,), holder="乙公司"),
        permit("SC-0003"),
    )
    assert await ledger.send_at(PREPARE) == 2
    digest = next(one for one in ledger.provider.posted if one.phone == PHONE_1)
    assert "您经办的2件证照" in digest.body
    assert not any(name in digest.body for name in ("甲公司", "乙公司"))


async def test_steps_of_different_names_share_an_sms_where_all_are_to_come(
    ledger: Ledger,
) -> None:
    later = EXPIRES + timedelta(days=53)
    await ledger.register(
        permit("SC-0001", **MINE), permit("SC-0002", **MINE, expires_on=later)
    )
    await ledger.send_at(PREPARE)
    due = ledger.rows(
        "SELECT min(due_at) AS at FROM slots WHERE expires_on = ?", str(later)
    )
    assert due[0]["at"] < str(LAST_CALL)
    await ledger.send_at(LAST_CALL)
    assert [len(one.body) > 0 for one in ledger.provider.posted]
    assert {"prepare", "last-call"} <= {
        row["step"] for row in ledger.rows("SELECT step FROM reminders")
    }
    assert await ledger.audit() == []


async def test_a_type_that_does_not_merge_has_an_sms_for_each(ledger: Ledger) -> None:
    rule = (await ledger.office.current_law()).rule(FOOD)
    await ledger.change(RulesEdit([replace(rule, merges=False)]))
    await ledger.register(*(permit(f"SC-000{at}", **MINE) for at in (1, 2)))
    assert await ledger.send_at(PREPARE) == 2
    assert {one.template for one in ledger.provider.posted} == {"renewal-prepare"}


async def test_permits_in_another_language_get_a_text_of_their_own(
    ledger: Ledger,
) -> None:
    await ledger.register(
        permit("SC-0001", **MINE), permit("SC-0002", **MINE, language="en")
    )
    assert await ledger.send_at(PREPARE) == 2
    assert {one.template for one in ledger.provider.posted} == {"renewal-prepare"}


async def test_reminders_of_one_sms_end_each_in_its_own_way(ledger: Ledger) -> None:
    await ledger.register(*(permit(f"SC-000{at}", **MINE) for at in (1, 2, 3)))
    await ledger.expand(PREPARE)
    await ledger.withdraw(permit("SC-0002"))
    assert await ledger.send() == 1
    assert "2件" in ledger.provider.posted[0].body
    assert ledger.reminders("SC-0001") == {"prepare": ("sent", None)}
    assert ledger.reminders("SC-0002") == {"prepare": ("cancelled", "permit withdrawn")}
    await ledger.receive(word(MessageState.DELIVERED))
    assert ledger.reminders("SC-0001") == {"prepare": ("delivered", None)}
    assert ledger.reminders("SC-0003") == {"prepare": ("delivered", None)}
    assert await ledger.audit() == []


async def test_an_unknown_outcome_of_a_merged_sms_is_settled_for_all_of_it(
    ledger: Ledger,
) -> None:
    ledger.provider.script = [Unknown("timeout")]
    ledger.provider.lost = True
    await ledger.register(*(permit(f"SC-000{at}", **MINE) for at in (1, 2)))
    await ledger.send_at(PREPARE)
    assert ledger.reminders("SC-0002") == {"prepare": ("uncertain", "timeout")}
    await ledger.settle()
    assert ledger.reminders("SC-0001") == {"prepare": ("sent", None)}
    assert ledger.reminders("SC-0002") == {"prepare": ("sent", None)}
    assert len(ledger.provider.taken) == 1
    assert await ledger.audit() == []


async def test_more_permits_than_one_sms_holds_are_sent_in_two(ledger: Ledger) -> None:
    agents = [
        permit(
            f"SC-{at:04}",
            phones=(PHONE_1,),
            holder=f"Holder {at}",
            expires_on=EXPIRES + at % 2 * DAY,
        )
        for at in range(5)
    ]
    await ledger.register(*agents)
    assert await ledger.send_at(PREPARE + 8 * DAY) == 2
    told = {number for number, _ in links(ledger)}
    assert len(told) == 5
    bodies = "".join(one.body for one in ledger.provider.posted)
    assert all(number[-4:] in bodies for number in told)
    assert await ledger.audit() == []


async def test_a_phone_s_reminders_beyond_the_claim_are_found_for_its_sms(
    ledger: Ledger,
) -> None:
    await ledger.register(
        *(permit(f"SC-{at:04}") for at in range(30)),
        *(permit(f"SC-{at:04}", phones=(PHONE_2,)) for at in range(30, 32)),
    )
    await ledger.expand(PREPARE)
    bodies: dict[str, int] = {}
    while (claim := await ledger.claim(7)).examined:
        outcomes = [
            (one, Accepted(f"SM{len(bodies)}-{at}"))
            for at, one in enumerate(claim.messages)
        ]
        for one, _ in outcomes:
            bodies[one.body] = bodies.get(one.body, 0) + 1
    digests = [body for body in bodies if "0030、0031" in body]
    assert len(digests) == 1, "all of that phone at once, whoever claimed its first"
