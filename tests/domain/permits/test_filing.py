from datetime import date

import pytest

from service.domain.permits.filing import (
    EARLIER_TERM,
    FiledPermit,
    Filing,
    FilingState,
    StoredFiling,
    find_filed_on,
)

FILED, WITHDRAWN, REFUSED = FilingState
ENDS, NEXT_END = date(2026, 12, 31), date(2031, 12, 31)
TEN_YEARS = 3650
MAY, JUNE, JULY = date(2026, 5, 4), date(2026, 6, 1), date(2026, 7, 1)


def stored(
    state: FilingState = FILED, filed_on: date = JUNE, expires_on: date = ENDS
) -> StoredFiling:
    return StoredFiling(state, filed_on, expires_on)


def said(state: FilingState, filed_on: date | None) -> Filing:
    return Filing(number="1", filed_on=filed_on, state=state)


@pytest.mark.parametrize(
    ("known", "row", "becomes"),
    [
        (None, said(FILED, JUNE), stored()),
        (stored(), said(FILED, JUNE), "unchanged"),
        (stored(), said(WITHDRAWN, JUNE), stored(WITHDRAWN)),
        (stored(), said(REFUSED, None), stored(REFUSED)),
        (stored(), said(FILED, JULY), stored(filed_on=JULY)),
        (stored(), said(REFUSED, MAY), "unchanged"),
        (stored(REFUSED), said(FILED, MAY), "unchanged"),
        (stored(REFUSED), said(FILED, JULY), stored(filed_on=JULY)),
        (None, said(WITHDRAWN, None), "unchanged"),
        (stored(REFUSED), said(REFUSED, JUNE), "unchanged"),
    ],
    ids=str,
)
def test_the_latest_filing_counts_and_of_it_the_latest_state(
    known: StoredFiling | None, row: Filing, becomes: StoredFiling | str
) -> None:
    filed_on = find_filed_on(None, known, ENDS)
    permit = FiledPermit(ENDS, None, filed_on, known, TEN_YEARS)
    assert permit.take(row) == becomes


@pytest.mark.parametrize(
    ("issued_on", "filing", "filed_on", "is_earlier"),
    [
        (None, stored(), JUNE, True),
        (None, stored(), JULY, False),
        (None, None, JUNE, False),
        (JULY, None, JUNE, True),
        (JUNE, None, JUNE, False),
        (None, None, date(2021, 12, 31), True),  # the term began in 2022 at the latest
        (None, None, date(2022, 1, 4), False),
    ],
    ids=str,
)
def test_a_filing_that_was_for_the_term_before_says_nothing_of_this_one(
    issued_on: date | None,
    filing: StoredFiling | None,
    filed_on: date,
    is_earlier: bool,  # noqa: FBT001 - a column of the table
) -> None:
    permit = FiledPermit(NEXT_END, issued_on, None, filing, TEN_YEARS)
    taken = permit.take(said(FILED, filed_on))
    assert (taken == EARLIER_TERM) is is_earlier


@pytest.mark.parametrize(
    ("stated_on", "filing", "filed_on"),
    [
        (None, None, None),
        (MAY, None, MAY),
        (None, stored(), JUNE),
        (MAY, stored(), JUNE),
        (JULY, stored(), JULY),
        (None, stored(REFUSED), None),
        (JUNE, stored(REFUSED), None),
        (JULY, stored(WITHDRAWN), JULY),
        (None, stored(expires_on=NEXT_END), None),
        (MAY, stored(REFUSED, expires_on=NEXT_END), MAY),
    ],
    ids=str,
)
def test_a_filing_holds_beside_what_the_permits_row_states(
    stated_on: date | None, filing: StoredFiling | None, filed_on: date | None
) -> None:
    assert find_filed_on(stated_on, filing, ENDS) == filed_on
