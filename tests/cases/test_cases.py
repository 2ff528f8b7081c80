"""Every case of every case file, computed by the service and by walking day by day."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Final, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cases.casefile import Answer, Asked, Case, CaseFileError, read_cases
from tests.cases.dating import RULES, by_the_service, by_walking
from tests.cases.oracle import Bare
from tests.cases.workdays import UnpublishedError, arranged_like
from tests.depth import by_depth

PATHS: Final = sorted(Path(__file__).parent.glob("*.toml"))
NEVER: Final = sorted(code for code, rule in RULES.items() if rule.never is not None)
ENABLED: Final = sorted(RULES.keys() - set(NEVER))
YEARS: Final = {2025, 2026, 2027}

WORKED: Final = [
    ("cn-food-production-license", "2026-12-31", "None 2026-11-18 2026-11-19"),
    ("cn-food-business-license", "2026-10-20", "2026-06-09 2026-09-21 2026-09-22"),
    (
        "cn-medical-device-production-license",
        "2026-06-15",
        "2026-01-29 2026-04-29 2026-04-30",
    ),
    ("cn-food-production-license", "2026-02-25", "None 2026-01-06 2026-01-07"),
    ("cn-food-business-license", "2025-10-31", "2025-06-23 2025-10-10 2025-10-11"),
    ("cn-inspection-testing-cma", "2026-05-31", "None 2026-02-28 2026-02-28"),
    ("cn-drug-production-license", "2026-08-31", "None 2026-02-28 2026-02-28"),
]
"""The nine examples worked by hand; two of them are both edges of one window."""

Placed = tuple[str, str, Case]


def placed() -> Iterator[Placed]:
    for path in PATHS:
        # A test of its own reports a file that is wrong.
        with suppress(CaseFileError):
            found = read_cases(path, RULES)
            for case in found.cases:
                yield found.rule, case.authority or found.authority, case


def window(dates: Answer) -> tuple[date | None, date, date]:
    """The edges: unlike them, a step may move to another sending day by a notice."""
    return dates.opens_on, dates.closes_on, dates.closes_on_lenient


def walked_in_every_year(rule: str, authority: str, asked: Asked) -> Iterator[Answer]:
    """The dates by walking, with China's 2027 arranged as each of three years was."""
    if RULES[rule].calendar != "CN":
        yield by_walking(rule, authority, asked)
        return
    for year in (2024, 2025, 2026):
        yield by_walking(rule, authority, asked, arranged_like(year))


def case_id(one: Placed) -> str:
    rule, _, case = one
    return f"{rule} {case.expires_on}: {case.why}"


CASES: Final = list(placed())
FINAL: Final = [one for one in CASES if not one[2].provisional]
PROVISIONAL: Final = [one for one in CASES if one[2].provisional]
WHERE: Final = {(rule, authority) for rule, authority, _ in CASES}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_every_case_file_is_valid(path: Path) -> None:
    read_cases(path, RULES)


@pytest.mark.parametrize(("rule", "authority", "case"), CASES, ids=map(case_id, CASES))
def test_the_service_gives_the_dates_of_the_case_file(
    rule: str, authority: str, case: Case
) -> None:
    answer, provisional = by_the_service(rule, authority, case)
    assert answer == case.answer()
    assert provisional is case.provisional


@pytest.mark.parametrize(("rule", "authority", "case"), FINAL, ids=map(case_id, FINAL))
def test_walking_day_by_day_gives_the_dates_of_the_case_file(
    rule: str, authority: str, case: Case
) -> None:
    for walked in walked_in_every_year(rule, authority, case):
        assert window(walked) == window(case.answer())
    with suppress(UnpublishedError):
        assert by_walking(rule, authority, case) == case.answer()


@pytest.mark.parametrize(
    ("rule", "authority", "case"), PROVISIONAL, ids=map(case_id, PROVISIONAL)
)
def test_a_provisional_case_is_safe_if_2027_is_like_a_year_before(
    rule: str, authority: str, case: Case
) -> None:
    dates = case.answer()
    with pytest.raises(UnpublishedError):
        by_walking(rule, authority, case)
    for year in (2024, 2025, 2026):
        likely = by_walking(rule, authority, case, arranged_like(year))
        assert dates.closes_on <= likely.closes_on
        assert dates.closes_on_lenient <= likely.closes_on_lenient
        if dates.opens_on and likely.opens_on:
            assert dates.opens_on >= likely.opens_on


@settings(max_examples=by_depth(quick=60, deep=300))
@given(
    st.sampled_from(sorted(WHERE)),
    st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    st.integers(-30, 400),
    st.sampled_from(get_args(Bare)),
)
def test_service_and_walking_give_the_same_dates_for_any_other_permit(
    where: tuple[str, str], expires_on: date, before: int, bare: Bare
) -> None:
    today = expires_on - timedelta(days=before)
    asked = Asked(expires_on=expires_on, today=today, unqualified_days=bare)
    answer, provisional = by_the_service(*where, asked)
    for walked in walked_in_every_year(*where, asked):
        assert provisional or window(walked) == window(answer)
    with suppress(UnpublishedError):
        assert by_walking(*where, asked) == answer


@pytest.mark.parametrize("code", ENABLED)
def test_an_enabled_rule_has_cases_of_three_years(code: str) -> None:
    years = {case.expires_on.year for rule, _, case in CASES if rule == code}
    assert years >= YEARS, f"tests/cases/{code}.toml has {sorted(years)}"


@pytest.mark.parametrize("code", NEVER)
def test_a_rule_that_never_reminds_says_why_and_has_no_step(code: str) -> None:
    rule = RULES[code]
    assert rule.never is not None
    assert rule.never.why.zh
    assert rule.never.why.en
    assert rule.never.reference.title
    assert not any(version.steps for version in rule.versions)


@pytest.mark.parametrize(("code", "expires_on", "dates"), WORKED)
def test_the_nine_examples_worked_by_hand_are_cases(
    code: str, expires_on: str, dates: str
) -> None:
    found = [
        f"{answer.opens_on} {answer.closes_on} {answer.closes_on_lenient}"
        for rule, _, case in CASES
        if rule == code and case.expires_on == date.fromisoformat(expires_on)
        for answer in (case.answer(),)
    ]
    assert dates in found
