"""Renewals: one row each, with the reminder that came last before."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from service.domain.permits.filing import Filing, FilingState
from service.flow.permits.renewals.file import file_renewals
from tests.flow.ledger import (
    EXPIRES,
    LAST_CALL,
    LIBRARY,
    OPERATOR,
    PREPARE,
    Ledger,
    permit,
)

RENEWED = date(2029, 12, 31)
OCTOBER = datetime(2024, 10, 1, 4, tzinfo=UTC)
DAY = timedelta(days=1)


async def reminded(ledger: Ledger, now: datetime = OCTOBER) -> None:
    """A permit whose holder was texted on 19 September; then time goes on."""
    await ledger.register(permit())
    assert await ledger.send_at(PREPARE) == 1
    ledger.clock.move_to(now)


def renewals(ledger: Ledger) -> list[dict[str, Any]]:
    wanted = (
        "SELECT r.expires_on, filed_on, renewed_on, renewed_until, step, days, "
        "p.shown_number AS renewed_by FROM renewals AS r "
        "LEFT JOIN permits AS p ON p.id = r.renewed_by"
    )
    return [dict(row) for row in ledger.rows(wanted)]


def stored(**changed: object) -> list[dict[str, Any]]:
    """What is stored of a renewal that was found on 1 October."""
    found: dict[str, Any] = {
        "expires_on": str(EXPIRES),
        "filed_on": None,
        "renewed_on": "2024-10-01",
        "renewed_until": str(RENEWED),
        "renewed_by": None,
        "step": "prepare",
        "days": 12,
    }
    return [found | changed]


async def file(ledger: Ledger, day: date, state: str = "filed") -> None:
    filing = Filing(number="SC-0001", filed_on=day, state=FilingState(state))
    await file_renewals(
        *([filing], LIBRARY.name, ledger.registration.store.filings),
        law=await ledger.office.current_law(),
        vault=ledger.vault,
        now=ledger.clock.now(),
    )


async def test_a_new_expiry_date_is_a_renewal_after_the_reminder_before(
    ledger: Ledger,
) -> None:
    await reminded(ledger)
    for _ in range(2):  # a restated import does not double it
        await ledger.register(permit(expires_on=RENEWED))
        assert renewals(ledger) == stored()
        ledger.clock.move_to(LAST_CALL)


async def test_without_a_reminder_before_a_renewal_is_stored_all_the_same(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    ledger.clock.move_to(OCTOBER)
    await ledger.register(permit(expires_on=RENEWED))
    assert renewals(ledger) == stored(step=None, days=None)


async def test_a_later_issue_is_the_day_of_the_renewal(ledger: Ledger) -> None:
    await ledger.register(permit(issued_on=date(2020, 1, 2)))
    await ledger.send_at(PREPARE)
    ledger.clock.move_to(OCTOBER)
    issued_on = date(2024, 9, 24)
    await ledger.register(permit(expires_on=RENEWED, issued_on=issued_on))
    assert renewals(ledger) == stored(renewed_on="2024-09-24", days=5)


@pytest.mark.parametrize("expires_on", [date(2025, 1, 31), date(2024, 12, 30), None])
async def test_a_corrected_date_is_no_renewal(
    ledger: Ledger, expires_on: date | None
) -> None:
    await reminded(ledger)
    await ledger.register(permit(expires_on=expires_on))
    assert renewals(ledger) == []


async def test_a_renewal_that_is_taken_back_was_none_and_its_date_may_be_corrected(
    ledger: Ledger,
) -> None:
    await reminded(ledger)
    await ledger.register(permit(expires_on=RENEWED))
    await ledger.register(permit(expires_on=RENEWED - DAY))
    assert renewals(ledger) == stored(renewed_until=str(RENEWED - DAY))
    await ledger.register(permit())
    assert renewals(ledger) == []


async def test_the_filing_counts_and_its_renewal_completes_the_row(
    ledger: Ledger,
) -> None:
    await reminded(ledger)
    filed_on = date(2024, 9, 22)
    await file(ledger, filed_on)
    filed = stored(filed_on="2024-09-22", days=3, renewed_on=None, renewed_until=None)
    assert renewals(ledger) == filed
    await ledger.register(permit(expires_on=RENEWED))
    assert renewals(ledger) == stored(filed_on="2024-09-22", days=3)
    await file(ledger, filed_on)
    assert len(renewals(ledger)) == 1


async def test_a_filing_that_comes_to_nothing_is_no_renewal(ledger: Ledger) -> None:
    await reminded(ledger)
    await ledger.register(permit(renewal_filed_on=date(2024, 9, 22)))
    assert len(renewals(ledger)) == 1
    await file(ledger, date(2024, 9, 22), "refused")
    assert renewals(ledger) == []


async def test_a_filing_keeps_its_row_when_the_expiry_date_is_corrected(
    ledger: Ledger,
) -> None:
    await reminded(ledger)
    await file(ledger, date(2024, 9, 22))
    await ledger.register(permit(expires_on=EXPIRES - DAY))
    [row] = renewals(ledger)
    assert (row["expires_on"], row["filed_on"]) == ("2024-12-30", "2024-09-22")


async def test_a_permit_with_a_new_number_renews_the_old_one(ledger: Ledger) -> None:
    await reminded(ledger)
    renewal = permit("SC-0002", expires_on=RENEWED, replaces="SC-0001")
    await ledger.register(renewal)
    assert renewals(ledger) == stored(renewed_by="SC-0002")
    await ledger.withdraw(renewal)
    assert renewals(ledger) == []
    assert await ledger.audit() == []


async def test_a_renewal_holds_no_personal_number(ledger: Ledger) -> None:
    number = "110101199003070134"
    await ledger.register(permit(number, rule=OPERATOR))
    ledger.clock.move_to(OCTOBER)
    await ledger.register(permit(number, rule=OPERATOR, expires_on=RENEWED))
    [row] = ledger.rows("SELECT * FROM renewals")
    assert number not in str(dict(row))
