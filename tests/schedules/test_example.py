from datetime import date

import pytest

from service.domain.errors import NeverRemindsError, UnknownError
from service.domain.lawbook.law import Law
from service.domain.templates.example import make_any_example, make_example
from tests.schedules.catalogue import LAW

FOOD = "cn-food-production-license"
EXPIRES = date(2026, 12, 31)


def test_a_permit_is_dated_by_the_law_in_the_name_of_who_sends() -> None:
    one = make_example(LAW, FOOD, "990000", EXPIRES, number="SC10199000000142")
    assert one.version.key == f"{FOOD}@2020-03-01.1"
    assert one.window.closes_on == date(2026, 11, 18)
    assert (one.gather_facts("zh").tail, one.gather_facts("en").signature) == (
        "0142",
        "LINJIANG-AMR",
    )


def test_a_version_may_be_named() -> None:
    [former, *_] = LAW.rule(FOOD).versions
    one = make_example(LAW, FOOD, "990000", EXPIRES, version=former.key)
    assert one.version == former


def test_a_number_that_is_made_up_is_as_long_as_the_tail() -> None:
    code = "cn-mobile-pressure-vessel-filling-license"
    one = make_example(LAW, code, "990000", EXPIRES)
    assert one.gather_facts("zh").tail == "123456789"


def test_a_type_that_never_reminds_has_no_example() -> None:
    with pytest.raises(NeverRemindsError):
        make_example(LAW, "cn-advertising-release-registration", "990000", EXPIRES)


@pytest.mark.parametrize(
    ("name", "authority", "rule", "office"),
    [
        ("renewal-open", None, "cn-barcode-manufacturer-code", "990000"),
        ("renewal-overdue", None, "us-ca-liquor-licence", "us-nyc"),
        ("correction", "gb-london", "gb-sia-licence", "gb-london"),
    ],
)
def test_an_example_permit_of_a_template_is_made_up(
    name: str, authority: str | None, rule: str, office: str
) -> None:
    one = make_any_example(LAW, name, authority, date(2026, 1, 1))
    assert one
    assert (one.rule.code, one.office.code) == (rule, office)
    assert one.window.expires_on == date(2026, 6, 30)


def test_without_an_office_or_a_rule_there_is_no_example() -> None:
    today = date(2026, 1, 1)
    assert (
        make_any_example(Law({}, {}, LAW.calendars), "correction", None, today) is None
    )
    assert make_any_example(LAW, "renewal-overdue", "990000", today) is None
    with pytest.raises(UnknownError):
        make_any_example(LAW, "correction", "nowhere", today)
