"""The differences between two states of the law."""

from dataclasses import replace
from datetime import date

import pytest

from service.domain.calendars.office_year import CalendarYear
from service.domain.law.period import Period
from service.domain.law.rule import BilingualText, Rule, Step
from service.domain.law_change.diff import Difference, diff_laws
from service.domain.lawbook.law import Law
from tests.schedules.catalogue import OFFICES, RULES

FOOD = RULES["cn-food-production-license"]
NEWEST = FOOD.versions[-1]
OFFICE = OFFICES["990000"]
YEAR = CalendarYear(
    calendar="CN",
    year=2027,
    off={date(2027, 3, 5): "closed"},
    worked=frozenset(),
    published=False,
    source="notice 3",
)


def law(*rules: Rule, years: tuple[CalendarYear, ...] = ()) -> Law:
    return Law({one.code: one for one in rules}, {}, {}, office_years=years)


def with_version(**changed: object) -> Rule:
    """Food production with other fields in its newest version."""
    version = replace(NEWEST, revision=2, **changed)  # type: ignore[arg-type] # fields
    return replace(FOOD, versions=(*FOOD.versions[:-1], version))


def between(before: Law, after: Law) -> list[Difference]:
    return list(diff_laws(before, after))


def test_the_same_law_has_no_differences() -> None:
    whole = Law(RULES, OFFICES, {}, office_years=[YEAR])
    assert between(whole, Law(RULES, OFFICES, {}, office_years=[YEAR])) == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        (
            {"closes": Period.parse("60 working days before expiry")},
            (
                "closes",
                "30 working days before expiry",
                "60 working days before expiry",
            ),
        ),
        ({"late_filing": "refused"}, ("late_filing", None, "refused")),
        (
            {"reference": replace(NEWEST.reference, article="第三十五条")},
            ("reference.article", "第三十四条", "第三十五条"),
        ),
        (
            {"steps": NEWEST.steps[:1]},
            (
                "step last-call",
                "5 working days before closing, renewal-last-call",
                None,
            ),
        ),
        (
            {
                "steps": (
                    *NEWEST.steps,
                    Step(
                        "overdue",
                        Period.parse("1 day after closing"),
                        "renewal-overdue",
                        until=Period.parse("on expiry"),
                        after_closing=True,
                        replaces=("a", "b"),
                    ),
                )
            },
            (
                "step overdue",
                None,
                (
                    "1 day after closing, renewal-overdue, until on expiry, "
                    "after closing, replaces a and b"
                ),
            ),
        ),
    ],
)
def test_a_version_differs_field_by_field(
    changed: dict[str, object], field: tuple[str, str | None, str | None]
) -> None:
    keys = f"{NEWEST.series}.1", f"{NEWEST.series}.2"
    found = between(law(FOOD), law(with_version(**changed)))
    assert found == [Difference(*keys, (field,))]


def test_the_words_of_a_type_are_compared_apart_from_its_versions() -> None:
    other = replace(FOOD, name=BilingualText("食品", "Food"), number_is_personal=True)
    [found] = between(law(FOOD), law(other))
    assert (found.before, found.after) == (FOOD.code, FOOD.code)
    assert found.fields == (
        ("name.zh", FOOD.name.zh, "食品"),
        ("name.en", FOOD.name.en, "Food"),
        ("number_is_personal", "false", "true"),
    )


def test_an_added_or_removed_document_is_named_without_its_fields() -> None:
    [rule, *versions] = between(law(), law(FOOD))
    assert rule == Difference(None, FOOD.code)
    keys = sorted(version.key for version in FOOD.versions)
    assert versions == [Difference(None, key) for key in keys]
    assert between(law(FOOD), law())[0] == Difference(FOOD.code, None)


def test_an_office_differs_by_its_settings() -> None:
    before = Law({}, {OFFICE.code: OFFICE}, {})
    other = replace(OFFICE, margin_working_days=2)
    [found] = between(before, Law({}, {OFFICE.code: other}, {}))
    assert found.before == found.after == "authority 990000"
    assert found.fields == (("margin_working_days", "0", "2"),)


def test_a_year_differs_by_its_days() -> None:
    other = replace(YEAR, off={}, worked=frozenset({date(2027, 3, 6)}), published=True)
    [found] = between(law(years=(YEAR,)), law(years=(other,)))
    assert found.before == "calendar CN 2027"
    assert found.fields == (
        ("notice", "own days only", "published"),
        ("2027-03-05", "off, closed", None),
        ("2027-03-06", None, "worked"),
    )
