"""Numbers that an earlier release stored as they were written."""

from datetime import date

import pytest

from service.adapters.store.permits.numbers import SqlNumberStore
from service.flow.permits.encryption import NUMBER_COLUMN
from service.flow.permits.renumber import Renumbered, renumber_permits
from tests.flow.ledger import FOOD, OFFICE, OPERATOR, PREPARE, Ledger, permit

IDENTITY = "110101199003070134"


async def renumber(ledger: Ledger) -> Renumbered:
    store = SqlNumberStore(ledger.database)
    return await renumber_permits(store, ledger.registration, by="test")


def stored_as(ledger: Ledger, number: str, written: str) -> None:
    """Store a number as the earlier release did."""
    ledger.tamper(
        f"UPDATE permits SET number_key = '{written}', shown_number = '{written}',"  # noqa: S608
        f" tail = '{written[-4:]}' WHERE number_key = '{number}'"
    )


@pytest.mark.parametrize(
    "written", ["SC–0001", "SC-0001\u200b", '="SC-0001"', "’SC-0001"]
)
async def test_a_stored_number_is_met_by_the_clean_one(
    ledger: Ledger, written: str
) -> None:
    await ledger.register(permit())
    stored_as(ledger, "SC-0001", written)
    assert await renumber(ledger) == Renumbered(1, (), ())
    assert await ledger.register(permit()) == ["unchanged"]
    [row] = ledger.rows("SELECT shown_number, tail FROM permits")
    assert (row["shown_number"], row["tail"]) == ("SC-0001", "SC-0001"[-4:])
    assert await renumber(ledger) == Renumbered(0, (), ())


async def test_a_personal_number_is_met_too(ledger: Ledger) -> None:
    one = permit(IDENTITY, rule=OPERATOR, authority=OFFICE)
    await ledger.register(one)
    written = f"'{IDENTITY}"
    blob, key = (
        ledger.vault.encrypt(written, NUMBER_COLUMN).hex(),
        ledger.vault.digest(written, NUMBER_COLUMN).hex(),
    )
    ledger.tamper(f"UPDATE permits SET number = x'{blob}', number_key = '{key}'")  # noqa: S608
    await renumber(ledger)
    assert await ledger.register(one) == ["unchanged"]


async def test_a_renewal_finds_the_permit_that_it_replaces(ledger: Ledger) -> None:
    await ledger.register(permit())
    stored_as(ledger, "SC-0001", "SC–0001")
    later = permit("SC-0002", replaces="SC-0001", expires_on=date(2029, 12, 31))
    await ledger.register(later)
    assert ledger.rows("SELECT replaced FROM permits WHERE replaced") == []
    await renumber(ledger)
    [row] = ledger.rows("SELECT number_key FROM permits WHERE replaced")
    assert row["number_key"] == "SC-0001"


async def test_of_two_spellings_of_one_permit_one_is_texted(ledger: Ledger) -> None:
    await ledger.register(permit())
    stored_as(ledger, "SC-0001", "SC–0001")
    await ledger.register(permit())
    done = await renumber(ledger)
    assert done == Renumbered(0, ((OFFICE, FOOD, "SC–0001"),), ())
    await ledger.send_at(PREPARE)
    assert len(ledger.provider.posted) == 1
    assert await ledger.audit() == []


async def test_two_spellings_that_contradict_are_left_to_the_office(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    stored_as(ledger, "SC-0001", "SC–0001")
    await ledger.register(permit(expires_on=date(2029, 12, 31)))
    done = await renumber(ledger)
    assert done == Renumbered(0, (), ((OFFICE, FOOD, "SC–0001"),))
    assert ledger.rows("SELECT id FROM permits WHERE status = 'withdrawn'") == []
