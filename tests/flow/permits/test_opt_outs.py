"""Opt-outs that people record and lift, next to those of holders and providers."""

import json

import pytest

from service.domain.delivery.outcome import RefusalKind
from service.domain.delivery.status import MessageState
from service.domain.errors import ConflictError, InvalidError, UnknownError
from service.flow.permits.opt_outs import lift_opt_out, opt_out
from tests.flow.ledger import OFFICE, PHONE_1, PHONE_2, PREPARE, Ledger, permit, word

NYC = "us-nyc"


async def stop(ledger: Ledger, phone: str = PHONE_1, authority: str = OFFICE) -> bool:
    """Opt a phone out as the command does; whether the opt-out is new."""
    _, new = await opt_out(
        phone, authority, ledger.consent, via="command", by="clerk", reason="rang us"
    )
    return new


async def start(ledger: Ledger, phone: str = PHONE_1) -> None:
    await lift_opt_out(phone, OFFICE, ledger.consent, by="clerk")


async def listed(ledger: Ledger) -> list[tuple[str, str, str]]:
    found = await ledger.consent.store.page(None, None)
    return [(one.phone, f"{one.since:%d %b}", one.via) for one in found]


async def test_an_opt_out_ends_due_reminders_and_lifting_it_reopens_them(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(), permit("SC-0002", phones=(PHONE_2,)))
    await ledger.expand(PREPARE)
    assert await stop(ledger)
    assert ledger.reminders() == {"prepare": ("suppressed", "opted out")}
    assert await ledger.send() == 1, "the other phone's"
    await start(ledger)
    assert ledger.reminders() == {"prepare": ("due", "reopened")}
    assert await ledger.send() == 1
    assert await ledger.audit() == []


async def test_the_action_log_says_who_opted_a_phone_out_and_why_without_its_number(
    ledger: Ledger,
) -> None:
    await stop(ledger)
    assert not await stop(ledger), "it stands already"
    await start(ledger)
    done = ledger.rows("SELECT * FROM actions WHERE by = 'clerk' ORDER BY id")
    masked = "+1212***0101"
    assert [(row["what"], json.loads(row["detail"])) for row in done] == [
        ("opt-out", {"phone": masked, "why": "rang us"}),
        ("opt-out lifted", {"phone": masked, "why": None}),
    ]


async def test_a_second_opt_out_keeps_the_date_and_cause_of_the_first(
    ledger: Ledger,
) -> None:
    await ledger.hear("STOP")
    ledger.clock.move_to(PREPARE)
    assert not await stop(ledger)
    assert await listed(ledger) == [("+1212***0101", "01 Sep", "inbound")]


async def test_an_opt_out_of_an_unknown_phone_holds_when_a_permit_brings_it(
    ledger: Ledger,
) -> None:
    await stop(ledger)
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 0
    await ledger.hear("START")
    assert await ledger.send() == 1, "the holder's own word lifts the office's"


async def test_each_opt_out_is_listed_with_the_way_it_came(ledger: Ledger) -> None:
    phones = [f"+121255501{at}" for at in range(40, 44)]
    for at, phone in enumerate(phones):
        await ledger.register(permit(f"SC-{at}", phones=(phone,)))
    assert await ledger.send_at(PREPARE) == len(phones)
    ids = {
        row["masked"]: row["provider_id"]
        for row in ledger.rows(
            "SELECT * FROM messages m JOIN recipients r ON r.id = m.recipient_id"
        )
    }
    refused, kind = ids["+1212***0141"], RefusalKind.OPTED_OUT
    await ledger.receive(word(MessageState.FAILED, refused, kind=kind, code="30004"))
    [failed] = ledger.rows("SELECT reason FROM reminders WHERE state = 'failed'")
    assert failed["reason"] == "opted out", "which is no fault of the technology"
    await ledger.hear("TD", phones[0])
    await opt_out(phones[2], OFFICE, ledger.consent, via="api", by="registry")
    await opt_out(phones[3], OFFICE, ledger.consent, via="command", by="clerk")
    assert await listed(ledger) == [
        ("+1212***0140", "19 Sep", "inbound"),
        ("+1212***0141", "19 Sep", "provider"),
        ("+1212***0142", "19 Sep", "api"),
        ("+1212***0143", "19 Sep", "command"),
    ]
    await start(ledger, phones[1])
    assert len(await listed(ledger)) == 3


async def test_pages_follow_each_other(ledger: Ledger) -> None:
    for at in range(5):
        await stop(ledger, f"+121255501{at:02}")
    store, seen = ledger.consent.store, list[str]()
    page = await store.page(None, 2)
    while page:
        seen += [one.phone for one in page]
        page = await store.page(page[-1].id, 2)
    assert seen == [f"+1212***01{at:02}" for at in range(5)]


@pytest.mark.parametrize(
    "phone", [PHONE_1, "001 212 555 0101", "＋１２１２５５５０１０１"]
)
async def test_a_number_is_read_as_dialled_in_the_office_s_country(
    ledger: Ledger, phone: str
) -> None:
    await stop(ledger, phone)
    [row] = ledger.rows("SELECT digest FROM recipients")
    assert row["digest"] == ledger.phone_of(PHONE_1)


async def test_a_number_without_a_country_code_gets_that_of_the_office(
    ledger: Ledger,
) -> None:
    await stop(ledger, "(212) 555-0101", NYC)
    [row] = ledger.rows("SELECT digest FROM recipients")
    assert row["digest"] == ledger.phone_of(PHONE_1)


@pytest.mark.parametrize("phone", ["nobody", "", "+1212555", "0101"])
async def test_text_that_is_no_number_is_refused_and_not_repeated_in_the_error(
    ledger: Ledger, phone: str
) -> None:
    with pytest.raises(InvalidError, match=r"opt-out: phone: found .*dialled in CN"):
        await stop(ledger, phone)
    assert ledger.rows("SELECT * FROM recipients") == []


async def test_only_a_phone_that_opted_out_can_be_lifted(ledger: Ledger) -> None:
    with pytest.raises(ConflictError, match=r"\+1212\*\*\*0101: has not opted out"):
        await start(ledger)
    assert ledger.rows("SELECT * FROM recipients") == []
    await ledger.register(permit())
    with pytest.raises(ConflictError):
        await start(ledger)
    with pytest.raises(UnknownError):
        await stop(ledger, authority="880000")
    assert ledger.rows("SELECT * FROM actions WHERE by = 'clerk'") == []
