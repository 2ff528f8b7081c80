"""Filed renewals as a second feed: who has filed gets no more reminders."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from service.domain.errors import InvalidError
from service.domain.permits.filing import EARLIER_TERM, Filing, FilingState
from service.flow.permits.register import RegisterSource
from service.flow.permits.renewals.file import file_renewals
from tests.flow.ledger import (
    CLOSED,
    LAST_CALL,
    LIBRARY,
    OFFICE,
    OPERATOR,
    PREPARE,
    Ledger,
    permit,
)

FILED_ON, LATER = date(2024, 8, 20), date(2024, 8, 30)
RENEWED = date(2029, 12, 31)


def filing(
    state: FilingState = FilingState.FILED, filed_on: date | None = FILED_ON
) -> Filing:
    return Filing(number="SC-0001", filed_on=filed_on, state=state)


async def file(
    ledger: Ledger, *filings: Filing, register: str = LIBRARY.name
) -> list[str | InvalidError]:
    return await file_renewals(
        *(filings, register, ledger.registration.store.filings),
        law=await ledger.office.current_law(),
        vault=ledger.vault,
        now=ledger.clock.now(),
    )


async def states(ledger: Ledger) -> list[tuple[str, str | None]]:
    rows = ledger.rows("SELECT state, reason FROM reminders ORDER BY due_at")
    return [(row["state"], row["reason"]) for row in rows]


async def test_who_has_filed_gets_no_more_reminders(ledger: Ledger) -> None:
    await ledger.register(permit())
    await ledger.expand(PREPARE)
    assert await file(ledger, filing()) == ["filed"]
    assert await states(ledger) == [("cancelled", "renewal filed")]
    assert await file(ledger, filing()) == ["unchanged"]
    assert await ledger.send() == 0
    assert await ledger.send_at(LAST_CALL) == 0
    assert await ledger.audit() == []


async def test_a_filing_of_a_day_to_come_is_not_believed(ledger: Ledger) -> None:
    await ledger.register(permit())
    ledger.clock.move_to(datetime(2024, 9, 1, 15, 59, tzinfo=UTC))  # 23:59 at home
    tomorrow = filing(filed_on=date(2024, 9, 2))
    [wrong] = await file(ledger, tomorrow)
    assert "found 2024-09-02, expected a day that is not after today, 2024-09-01" in (
        str(wrong)
    )
    [refused] = await ledger.register(permit(renewal_filed_on=tomorrow.filed_on))
    assert isinstance(refused, InvalidError)
    ledger.clock.move_to(datetime(2024, 9, 1, 16, tzinfo=UTC))
    assert await file(ledger, tomorrow) == ["filed"]


@pytest.mark.parametrize("state", [FilingState.WITHDRAWN, FilingState.REFUSED])
@pytest.mark.parametrize("filed_on", [FILED_ON, None])
async def test_a_filing_that_comes_to_nothing_makes_the_reminder_due_again(
    ledger: Ledger, state: FilingState, filed_on: date | None
) -> None:
    await ledger.register(permit())
    await file(ledger, filing())
    await ledger.expand(PREPARE)
    assert await file(ledger, filing(state, filed_on)) == [state]
    assert await ledger.send() == 1
    assert await ledger.audit() == []


async def test_after_the_closing_a_refused_filing_makes_nothing_due(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await file(ledger, filing())
    await ledger.expand(CLOSED)
    assert await file(ledger, filing(FilingState.REFUSED)) == ["refused"]
    assert await ledger.send() == 0
    assert await ledger.audit() == []


async def test_the_permits_own_row_leaves_its_filing_as_it_is(ledger: Ledger) -> None:
    await ledger.register(permit())
    await file(ledger, filing())
    assert await ledger.register(permit()) == ["unchanged"]
    assert await ledger.register(permit(holder="Another")) == ["changed"]
    assert await ledger.send_at(PREPARE) == 0
    await file(ledger, filing(FilingState.REFUSED))
    stale = permit(renewal_filed_on=FILED_ON)
    assert await ledger.register(stale) == ["changed"]  # the holder's name
    assert await ledger.send() == 1
    assert await ledger.register(replace(stale, renewal_filed_on=LATER)) == ["changed"]
    assert await ledger.send_at(LAST_CALL) == 0


async def test_the_next_term_is_reminded_of_whatever_the_list_still_says(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    await file(ledger, filing())
    assert await ledger.register(permit(expires_on=RENEWED)) == ["changed"]
    assert await file(ledger, filing()) == [EARLIER_TERM]
    [row] = ledger.rows("SELECT renewal_filed_on, expires_on FROM permits")
    assert row == {"renewal_filed_on": None, "expires_on": str(RENEWED)}
    ledger.clock.move_to(datetime(2029, 9, 20, tzinfo=UTC))
    assert await file(ledger, filing(filed_on=date(2029, 9, 10))) == ["filed"]


async def test_a_list_of_years_does_not_silence_a_permit_that_was_just_loaded(
    ledger: Ledger,
) -> None:
    await ledger.register(permit())
    assert await file(ledger, filing(filed_on=date(2019, 9, 10))) == [EARLIER_TERM]
    assert await ledger.send_at(PREPARE) == 1


async def test_a_corrected_expiry_date_keeps_the_filing(ledger: Ledger) -> None:
    await ledger.register(permit(expires_on=date(2024, 12, 30)))
    await file(ledger, filing())
    assert await ledger.register(permit()) == ["changed"]
    assert await ledger.send_at(PREPARE) == 0
    assert await file(ledger, filing(FilingState.WITHDRAWN, None)) == ["withdrawn"]
    assert await ledger.send() == 1


async def test_a_number_that_the_register_does_not_have_registers_nothing(
    ledger: Ledger,
) -> None:
    await ledger.register(permit(), source=RegisterSource("county"))
    [unknown] = await file(ledger, filing())
    assert "found 'SC-0001', expected the number of a permit of the register" in str(
        unknown
    )
    assert await file(ledger, filing(), register="county") == ["filed"]
    assert len(ledger.rows("SELECT id FROM permits")) == 1


async def test_a_number_of_two_permits_needs_the_type(ledger: Ledger) -> None:
    number = "110101199003070134"
    personal = permit(number, rule=OPERATOR)
    await ledger.register(permit(number), personal)
    both = replace(filing(), number=number)
    [wrong] = await file(ledger, both)
    assert "of 2 permits, expected that of one; add a column for rule" in str(wrong)
    one = replace(both, rule=OPERATOR, authority=OFFICE)
    unknown = replace(both, rule="cn-none")
    done, refused = await file(ledger, one, unknown)
    assert done == "filed"
    assert "rule: found cn-none, expected one of" in str(refused)
