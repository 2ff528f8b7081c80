import pytest

from service.domain.errors import Mistake
from service.domain.rejected_rows.reasons import Reasons
from service.domain.rejected_rows.repairs import RepairFacts, find_repair
from service.domain.untrusted.raw_fields import EXPECTED_DAY

FACTS = RepairFacts(
    date_format="%Y/%m/%d",
    values={"status": {"有效": "active", "错": "reject"}},
    codes={"rule": ["cn-food-production-license", "cn-drug-trade"]},
)
BY_COLUMN = RepairFacts(date_formats={"End": ("%d.%m.%Y",)})
LISTED = RepairFacts(date_formats=("%d.%m.%Y",))

DAY_FIRST = '["%Y/%m/%d", "%d/%m/%Y"]'
MONTH_FIRST = '["%Y/%m/%d", "%m/%d/%Y"]'
CENTURY = "a year of four digits, or two_digit_years_from"


def advice(
    field: str, cell: str, expected: str = "x", facts: RepairFacts = FACTS
) -> str:
    mistake = Mistake(field, "it", expected)
    return find_repair(mistake, "End", cell, facts).advice


@pytest.mark.parametrize(
    ("cell", "added"),
    [
        ("31.12.2026", '["%Y/%m/%d", "%d.%m.%Y"]'),
        ("'31 Dec 2026", '["%Y/%m/%d", "%d %b %Y"]'),
        ("46387", '["%Y/%m/%d", "excel"]'),
        ("民國115年12月31日", '["%Y/%m/%d", "minguo"]'),
        ("2026-12-31 14:30", '["%Y/%m/%d", "%Y-%m-%d %H:%M"]'),
        ("2026-12-31T00:00:00Z", '["%Y/%m/%d", "%Y-%m-%dT%H:%M:%SZ"]'),
        ("02/03/2026", f"{DAY_FIRST} or {MONTH_FIRST}, whichever the office writes"),
    ],
)
def test_a_date_is_repaired_by_the_format_that_reads_it(cell: str, added: str) -> None:
    found = advice("expires_on", cell)
    assert found == f'add to the mapping, below [date_formats]: "End" = {added}'


@pytest.mark.parametrize(
    ("facts", "where"),
    [
        (
            RepairFacts(),
            'add to the mapping, below [date_formats]: "End" = ["%d/%m/%Y"]',
        ),
        (BY_COLUMN, 'add to "End" below [date_formats] in the mapping: "%d/%m/%Y"'),
        (LISTED, 'add to date_formats in the mapping: "%d/%m/%Y"'),
    ],
)
def test_a_format_goes_where_the_mapping_has_its_formats(
    facts: RepairFacts, where: str
) -> None:
    assert advice("issued_on", "31/12/2026", facts=facts) == where


@pytest.mark.parametrize(
    ("field", "cell", "expected", "said"),
    [
        (
            "expires_on",
            "see annex",
            EXPECTED_DAY,
            'below [values.expires_on]: "see annex" = "no expiry"',
        ),
        ("issued_on", "see annex", EXPECTED_DAY, "write a date such as 2026-12-31"),
        ("expires_on", "31.02.2026", EXPECTED_DAY, "write a date such as 2026-12-31"),
        ("expires_on", "", EXPECTED_DAY, '[values.expires_on]: "" = "no expiry"'),
        ("expires_on", "1/2/75", CENTURY, "two_digit_years_from = 1970"),
        (
            "expires_on",
            "2019-01-01",
            "a date the law places: …",
            "correct it in the register",
        ),
        (
            "status",
            "吊销",
            "one of 有效",
            'below [values.status]: "吊销" = "withdrawn"',
        ),
        (
            "status",
            "怪",
            "one of 有效",
            '"怪" = "active", "suspended", "withdrawn" or "skip"',
        ),
        (
            "status",
            "错",
            "another one",
            'correct it, or change "错" below [values.status]',
        ),
        ("rule", "food", "one of …", 'below [values.rule]: "food" = "CODE"'),
        ("status", "有效效", "one of 有效", '"有效效" = "active"'),
        ("rule", "cn-drug-trade", "one that reminds", '"cn-drug-trade" = "skip"'),
        ("rule", "cn-drug-trades", "one of …", 'trades" = "cn-drug-trade"'),
        ("expires_on", "#N/A", EXPECTED_DAY, "write a date such as 2026-12-31"),
        (
            "rule",
            "",
            "the code of a rule",
            'fill it in, or add to the mapping: rule = "CODE"',
        ),
        ("number", "", "the permit's number", "fill it in"),
        ("number", "1.1E+12", "it as printed", "format the column as text"),
        ("holder", "x" * 300, "text", "correct it in the register"),
    ],
)
def test_each_mistake_has_its_repair(
    field: str, cell: str, expected: str, said: str
) -> None:
    assert said in advice(field, cell, expected)


def test_of_formats_that_read_a_date_differently_one_goes() -> None:
    facts = RepairFacts(date_format="%Y/%d/%m")
    expected = "a date with one meaning, of %Y/%d/%m"
    found = advice("expires_on", "2026/1/2", expected, facts)
    assert found == "write it as 2026-12-31, or keep one of its formats in the mapping"


@pytest.mark.parametrize(
    ("found", "said"),
    [("nothing", 'rule = "CODE"'), ("cn-x", "correct it in the mapping")],
)
def test_without_a_column_the_mapping_is_repaired(found: str, said: str) -> None:
    mistake = Mistake("rule", found, "the code of a rule")
    assert said in find_repair(mistake, None, "", FACTS).advice


def test_a_word_that_an_error_masks_is_in_no_repair() -> None:
    assert advice("status", "+1 212 555 0142") == "correct it in the register"


def shown(*dates: tuple[str, int]) -> list[str]:
    reasons = Reasons(RepairFacts())
    for date, count in dates:
        mistake = Mistake("expires_on", f"'{date}'", EXPECTED_DAY)
        for _ in range(count):
            reasons.add(mistake, ["End"], [date])
    return [*map(str, reasons.groups())]


def test_reasons_are_grouped_with_the_frequent_ones_first() -> None:
    expected = "expected a date like 2026-12-31, from 1950 to 2200"
    formats, words = "below [date_formats]:", "below [values.expires_on]:"
    several, one = shown(("soon", 1), ("31.12.2026", 1200), ("30.12.2026", 1))
    found = "1,201 × expires_on (End): found '31.12.2026' and others"
    added = f'add to the mapping, {formats} "End" = ["%d.%m.%Y"]'
    assert several == f"{found}, {expected}; {added}"
    added = f'add to the mapping, {words} "soon" = "no expiry"'
    advised = f"write a date; if it means no end, {added}"
    assert one == f"1 × expires_on (End): found 'soon', {expected}; {advised}"


def test_what_a_spreadsheet_did_in_two_ways_is_counted_apart() -> None:
    reasons, expected = Reasons(RepairFacts()), "it as printed"
    for found in ("a formula: '=A1'", "a formula: '=B2'", "a word: 'N/A'"):
        cell = found.partition("'")[2].rstrip("'")
        reasons.add(Mistake("number", found, expected), ["No"], [cell])
    counts = [str(group).partition(", expected")[0] for group in reasons.groups()]
    assert counts == [
        "2 × number (No): found a formula: '=A1' and others",
        "1 × number (No): found a word: 'N/A'",
    ]


def test_one_date_decides_about_day_and_month_of_its_column() -> None:
    (one,) = shown(("02/03/2026", 3), ("25/03/2026", 1))
    assert one.startswith("4 × ")
    assert one.endswith('"End" = ["%d/%m/%Y"]')
    both = shown(("02/03/2026", 3), ("25/03/2026", 1), ("03/25/2026", 1))
    assert [line.partition(" ")[0] for line in both] == ["3", "1", "1"]


def test_a_nul_byte_is_deleted_and_its_row_not_called_incomplete() -> None:
    mistake = Mistake("row", "a NUL byte", "text")
    repair = find_repair(mistake, None, "", RepairFacts())
    assert repair.advice == "delete it, or export the register again"
