"""Permits without a phone that texts reach, and phones that are reachable again."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from service.adapters.store.permits.unreachable import lift_unreachable
from service.domain.delivery.outcome import RefusalKind
from service.domain.delivery.status import MessageState
from service.domain.errors import ConflictError
from service.domain.permits.permit import PermitStatus
from service.domain.reports.unreachable import UnreachablePermit
from service.flow.permits.unreachable import find_unreachable, mark_reachable
from tests.flow.ledger import (
    CLOSED,
    INDUSTRY,
    LANDLINE,
    OFFICE,
    PHONE_1,
    PHONE_2,
    PREPARE,
    Ledger,
    lost,
    permit,
    word,
)


async def listed(ledger: Ledger, *offices: str) -> list[UnreachablePermit]:
    return list(await find_unreachable(offices or [OFFICE], ledger.reach, None, 100))


async def test_a_permit_whose_phones_texts_cannot_reach_is_listed_with_the_reasons(
    ledger: Ledger,
) -> None:
    await ledger.register(
        permit("SC-0001", phones=()),
        permit("SC-0002", phones=(LANDLINE,)),
        permit("SC-0003", phones=(PHONE_1,)),
        permit("SC-0004", phones=(PHONE_1, LANDLINE, "12345")),
    )
    lost(ledger)
    await ledger.register(permit("SC-0005", phones=(PHONE_2, PHONE_1)))
    found = {
        one.number: (one.why, [it.phone for it in one.phones])
        for one in await listed(ledger)
    }
    assert found == {
        "SC-0001": ("no phone number", []),
        "SC-0002": ("fixed line", ["+1800***0199"]),
        "SC-0003": ("unreachable (30005)", ["+1212***0101"]),
        "SC-0004": (
            "unreachable (30005), fixed line, no valid number",
            ["+1212***0101", "+1800***0199", "***45"],
        ),
    }


async def test_a_receipt_for_an_unassigned_number_puts_its_permit_on_the_list(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    assert await listed(ledger) == []
    nobody = RefusalKind.BAD_NUMBER
    await ledger.receive(word(MessageState.UNDELIVERED, kind=nobody, code="30005"))
    [one] = await listed(ledger)
    assert one.why == "unreachable (30005)"
    assert one.phones[0].unreachable_at == ledger.clock.now()
    assert await ledger.hear("who is this?")
    assert await listed(ledger) == []
    assert await ledger.audit() == []


async def test_the_list_names_the_holder_and_the_closing_day(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(phones=()))
    [one] = await listed(ledger)
    assert (one.authority, one.rule, one.holder) == (
        *(OFFICE, "cn-food-production-license", "Holder of SC-0001"),
    )
    assert (one.closes_on, one.expires_on) == (date(2024, 11, 18), date(2024, 12, 31))


@pytest.mark.parametrize(
    "changed",
    [
        {"status": PermitStatus.SUSPENDED},
        {"status": PermitStatus.WITHDRAWN},
        {"renewal_filed_on": date(2024, 9, 1)},
        {"rule": INDUSTRY},
        {"expires_on": date(2024, 1, 31)},
    ],
    ids=str,
)
async def test_a_permit_that_is_not_reminded_is_not_listed(
    ledger: Ledger, changed: dict[str, Any]
) -> None:
    await ledger.register(permit(phones=(), **changed))
    assert await listed(ledger) == []


async def test_a_holder_who_opted_out_is_not_listed(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.hear("STOP")
    assert await listed(ledger) == []


async def test_a_permit_that_is_renewed_or_over_is_not_listed(ledger: Ledger) -> None:
    await ledger.register(permit(phones=()))
    ledger.clock.move_to(CLOSED - timedelta(seconds=1))
    assert len(await listed(ledger)) == 1
    ledger.clock.move_to(CLOSED)
    assert await listed(ledger) == []


async def test_only_the_offices_asked_for_are_listed(ledger: Ledger) -> None:
    await ledger.register(permit(phones=()))
    assert await listed(ledger, "us-nyc") == []
    assert len(await listed(ledger, "us-nyc", OFFICE)) == 1


async def test_pages_follow_each_other(ledger: Ledger) -> None:
    await ledger.register(*(permit(f"SC-{at}", phones=()) for at in range(5)))
    seen, page = list[str](), await find_unreachable([OFFICE], ledger.reach, None, 2)
    while page:
        seen += [one.number for one in page]
        page = await find_unreachable([OFFICE], ledger.reach, page[-1].id, 2)
    assert seen == [f"SC-{at}" for at in range(5)]


async def test_a_person_can_mark_a_phone_as_reachable_and_is_logged(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    lost(ledger)
    done = await mark_reachable(
        PHONE_1, OFFICE, ledger.reach, by="clerk", reason="it rang"
    )
    assert done.masked == "+1212***0101"
    assert ledger.reminders() == {"prepare": ("due", "reopened")}
    assert await listed(ledger) == []
    [noted] = ledger.rows("SELECT * FROM actions WHERE by = 'clerk'")
    assert (noted["what"], json.loads(noted["detail"])) == (
        "reachable again",
        {"phone": "+1212***0101", "why": "it rang"},
    )
    assert await ledger.send() == 1
    assert await ledger.audit() == []


@pytest.mark.parametrize("phones", [(), (PHONE_1,)])
async def test_a_reachable_phone_cannot_be_marked_as_reachable(
    ledger: Ledger, phones: tuple[str, ...]
) -> None:
    await ledger.register(permit(phones=phones))
    with pytest.raises(ConflictError, match="is not unreachable"):
        await mark_reachable(PHONE_1, OFFICE, ledger.reach, by="clerk")
    assert ledger.rows("SELECT * FROM actions WHERE by = 'clerk'") == []


async def test_lifting_within_a_transaction_says_whether_the_phone_was_unreachable(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    lost(ledger)
    [phone] = ledger.rows("SELECT lower(hex(id)) AS id, id AS kept FROM recipients")
    async with ledger.database.write() as connection:
        now = ledger.clock.now()
        assert await lift_unreachable(connection, phone["kept"], now)
        assert not await lift_unreachable(connection, phone["kept"], now)
    [phone] = ledger.rows("SELECT * FROM recipients")
    assert (phone["unreachable_at"], phone["unreachable_by"]) == (None, None)


@pytest.mark.parametrize(
    ("now", "phone", "why"),
    [
        (
            "unreachable_at = '2024-09-20 00:00:00.000000'",
            PHONE_1,
            "no reachable number",
        ),
        ("opted_out_at = '2024-09-20 00:00:00.000000'", PHONE_1, "opted out"),
        ("language = NULL", LANDLINE, "no mobile number"),
    ],
)
async def test_a_permit_that_comes_back_with_an_unusable_phone_says_so(
    ledger: Ledger, now: str, phone: str, why: str
) -> None:
    """The reason is the phone, no longer the withdrawal."""
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    await ledger.withdraw(permit())
    ledger.tamper(f"UPDATE recipients SET {now}")  # noqa: S608 - our own words
    await ledger.register(permit(phones=(phone,)))
    assert ledger.reminders() == {"prepare": ("suppressed", why)}
    assert await ledger.audit() == []
    await ledger.register(permit(phones=(PHONE_2,)))
    assert await ledger.send() == 1
