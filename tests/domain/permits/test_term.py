from datetime import date, timedelta

import pytest

from service.domain.permits.term import RenewalTest, Term, shortest_term

ENDS = date(2026, 12, 31)
FIVE_YEARS, ONE_YEAR = shortest_term("5 years"), shortest_term("1 year")
OPENS_BEFORE = timedelta(days=90)
EARLY, IN_TIME = date(2026, 1, 15), date(2026, 10, 10)


@pytest.mark.parametrize(
    ("validity", "days"),
    [
        ("5 years", 1825),
        ("5 years, 3 for collecting only", 1825),
        ("3 years, to the end of a month", 1095),
        ("1 year, to the end of the month posted", 365),
        ("6 months or 2 years", 180),
        ("as certified", 365),
        ("not known", 365),
    ],
)
def test_the_shortest_term_that_a_rule_names_is_its_term(
    validity: str, days: int
) -> None:
    assert shortest_term(validity) == days


@pytest.mark.parametrize(
    ("term_days", "today", "new", "is_renewal"),
    [
        (FIVE_YEARS, IN_TIME, date(2031, 12, 31), True),
        (FIVE_YEARS, IN_TIME, date(2031, 10, 11), True),  # from the decision on
        (FIVE_YEARS, IN_TIME, date(2029, 12, 31), True),  # granted for three years
        (FIVE_YEARS, IN_TIME, date(2027, 12, 31), False),  # a wrong year
        (FIVE_YEARS, IN_TIME, date(2027, 1, 31), False),
        (FIVE_YEARS, IN_TIME, date(2026, 12, 1), False),
        (FIVE_YEARS, EARLY, date(2031, 12, 31), False),  # nobody can have applied yet
        (ONE_YEAR, IN_TIME, date(2027, 12, 31), True),
        (ONE_YEAR, EARLY, date(2027, 12, 31), False),
        (FIVE_YEARS, IN_TIME, None, False),
        (FIVE_YEARS, IN_TIME, ENDS, False),
    ],
)
def test_a_renewal_is_later_by_half_a_term_and_comes_once_it_could_be_applied_for(
    term_days: int,
    today: date,
    new: date | None,
    is_renewal: bool,  # noqa: FBT001 - a column of the table
) -> None:
    test = RenewalTest(today, term_days, OPENS_BEFORE)
    old, changed = Term(ENDS, None), Term(new, None)
    assert test.is_renewal(old, changed, is_filed=False) is is_renewal


@pytest.mark.parametrize(
    ("new", "is_filed", "is_renewal"),
    [
        (Term(date(2031, 12, 31), None), True, True),
        (Term(None, None), True, True),
        (Term(date(2027, 12, 31), None), True, False),  # short: it corrects the date
        (Term(date(2031, 12, 31), date(2026, 1, 4)), False, True),
        (Term(date(2027, 12, 31), date(2026, 1, 4)), False, True),
        (Term(date(2026, 12, 1), date(2026, 1, 4)), False, False),
        (Term(date(2031, 12, 31), date(2021, 1, 4)), False, False),
    ],
    ids=str,
)
def test_a_filed_renewal_or_a_later_issue_says_that_it_could_be_granted_already(
    new: Term,
    is_filed: bool,  # noqa: FBT001 - columns of the table
    is_renewal: bool,  # noqa: FBT001
) -> None:
    test = RenewalTest(EARLY, FIVE_YEARS, OPENS_BEFORE)
    old = Term(ENDS, date(2021, 1, 4))
    assert test.is_renewal(old, new, is_filed=is_filed) is is_renewal


def test_without_an_opening_a_renewal_may_be_granted_at_any_time() -> None:
    test = RenewalTest(EARLY, FIVE_YEARS, None)
    renewed = Term(date(2031, 12, 31), None)
    assert test.is_renewal(Term(ENDS, None), renewed, is_filed=False)
    assert not test.is_renewal(Term(None, None), renewed, is_filed=False)
