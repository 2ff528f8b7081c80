"""Claims go round the offices, and a sender may be one worker's alone."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from service.adapters.store.sending.leases import SqlRoundsStore
from service.adapters.store.slots.expand import SqlExpandStore
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.law_change.edits import AuthoritiesEdit
from service.flow.sending.send import ClaimStore
from service.flow.sending.tick import tick
from tests.flow.conftest import open_copy
from tests.flow.ledger import (
    FOOD,
    OFFICE,
    PREPARE,
    START,
    Ledger,
    permit,
)
from tests.flow.sending.guarded_days import ticking

COUNTIES = ("990001", "990002")


@pytest.fixture
async def ledger(
    tmp_path: Path, prepared_live: Path, words: JinjaTemplateLibrary
) -> AsyncIterator[Ledger]:
    """A province and two counties, each of which sends from a number of its own."""
    async with open_copy(prepared_live, tmp_path, words) as ledger:
        office = (await ledger.office.current_law()).authority(OFFICE)
        counties = [
            replace(office, code=code, sent_from=f"+121255501{code[-2:]}")
            for code in COUNTIES
        ]
        await ledger.change(AuthoritiesEdit(counties))
        for code in COUNTIES:
            await ledger.go_live(FOOD, live_from=START, authority=code)
        yield ledger


async def due(ledger: Ledger, *, of_province: int, of_each_county: int) -> None:
    await ledger.register(
        *(permit(f"SC-{at:04}") for at in range(of_province)),
        *(
            permit(f"SC-{code[-1]}{at:03}", authority=code)
            for code in COUNTIES
            for at in range(of_each_county)
        ),
    )
    await ledger.expand(PREPARE)


async def claimed(
    ledger: Ledger, most: int, store: ClaimStore | None = None
) -> list[str]:
    """The offices whose reminders one claim takes, sorted."""
    claim = await ledger.claim(most, store=store)
    ids = {one.id.replace("-", "") for one in claim.messages}
    found = ledger.rows("SELECT * FROM messages ORDER BY office")
    return [row["office"] for row in found if row["id"] in ids]


async def test_an_office_with_much_to_send_does_not_delay_the_others(
    ledger: Ledger,
) -> None:
    await due(ledger, of_province=50, of_each_county=2)
    rounds = [await claimed(ledger, 10) for _ in range(3)]
    assert rounds == [
        [OFFICE] * 10,
        [*[OFFICE] * 6, *[COUNTIES[0]] * 2, *[COUNTIES[1]] * 2],
        [OFFICE] * 10,
    ]


async def test_an_office_that_comes_later_is_served_next(ledger: Ledger) -> None:
    await due(ledger, of_province=50, of_each_county=0)
    assert await claimed(ledger, 10) == [OFFICE] * 10
    await ledger.register(permit("SC-1000", authority=COUNTIES[0]))
    await ledger.expand(PREPARE)
    assert await claimed(ledger, 10) == [*[OFFICE] * 9, COUNTIES[0]]


async def test_small_offices_share_one_claim(ledger: Ledger) -> None:
    await due(ledger, of_province=1, of_each_county=1)
    assert await claimed(ledger, 10) == [OFFICE, *COUNTIES]


async def test_an_exclusive_sender_belongs_to_one_worker_until_its_lease_ends(
    ledger: Ledger,
) -> None:
    await due(ledger, of_province=0, of_each_county=2)
    ledger.provider.has_exclusive_senders = True
    one, other = ledger.claims, ledger.claims
    assert len(await claimed(ledger, 1, one)) == 1
    assert await claimed(ledger, 9, other) == [COUNTIES[1]] * 2
    assert await claimed(ledger, 9, one) == [COUNTIES[0]], "it is still its own"
    await ledger.register(permit("SC-1007", authority=COUNTIES[0]))
    await ledger.expand(PREPARE)
    assert await claimed(ledger, 9, other) == []
    ledger.tamper("UPDATE leases SET lease_until = '2024-01-01 00:00:00.000000'")
    assert await claimed(ledger, 9, other) == [COUNTIES[0]]


async def test_the_rounds_are_made_by_one_worker_until_it_falls_silent(
    ledger: Ledger,
) -> None:
    one, other = (SqlRoundsStore(ledger.database, 60.0) for _ in range(2))
    assert await one.take()
    assert not await other.take()
    assert await one.take()
    ledger.tamper("UPDATE leases SET lease_until = '2024-01-01 00:00:00.000000'")
    assert await other.take()
    assert not await one.take()
    await other.give_up()
    assert await one.take()


async def test_a_worker_that_fails_leaves_the_rounds_to_another(
    ledger: Ledger,
) -> None:
    """Its other passes would take them again, and create no reminder either."""
    one, other = (SqlRoundsStore(ledger.database, 60.0) for _ in range(2))

    class Failing(SqlExpandStore):
        async def expand(self, now: datetime, limit: int) -> int | None:  # noqa: ARG002 - of the port
            raise OSError("of this machine alone")

    failing = Failing(ledger.database)
    with pytest.raises(OSError, match="this machine"):
        await tick(replace(ticking(ledger), expand_store=failing, rounds_store=one))
    assert await other.take()
    assert not await one.take()
