"""The version of a Chinese rule that governs a permit, by its expiry and authority."""

from datetime import date

import pytest

from service.domain.law.period import Period
from tests.schedules.catalogue import LAW


@pytest.mark.parametrize(
    ("line", "title", "late_filing"),
    [
        (["990000"], "中华人民共和国行政许可法", None),
        (["370000"], "山东省食品小作坊小餐饮和食品摊点管理条例", None),
        (["410100", "410000"], "河南省食品小作坊、小经营店和小摊点管理条例", None),
        (["500000"], "重庆市食品生产加工小作坊和食品摊贩管理条例", "refused"),
    ],
)
def test_a_province_s_workshop_rule_takes_the_place_of_the_general_one(
    line: list[str], title: str, late_filing: str | None
) -> None:
    rule = LAW.rule("cn-food-workshop-registration-local")
    version = rule.version_for(date(2026, 12, 31), lineage=line)
    assert (version.reference.title, version.late_filing) == (title, late_filing)
    assert version.closes == Period.parse("30 unqualified days before expiry")
    assert [step.name for step in version.steps] == ["prepare", "last-call"]


@pytest.mark.parametrize(
    ("code", "expiry", "opening", "closing"),
    [
        ("food-production-license", "2020-02-28", None, "2020-01-09"),
        ("food-business-license", "2023-11-30", None, "2023-10-18"),
        ("food-business-license", "2023-12-01", "2023-07-24", "2023-11-09"),
        ("inspection-testing-cma", "2015-07-31", None, "2015-01-30"),
        ("drug-business-license", "2023-12-31", "2023-06-30", "2023-12-29"),
        ("drug-business-license", "2024-01-01", "2023-07-03", "2023-11-01"),
        ("drug-business-license", "2026-12-31", "2026-06-30", "2026-10-30"),
        ("special-cosmetics-registration", "2021-04-30", None, "2021-03-18"),
    ],
)
def test_the_expiry_picks_the_version_of_the_law(
    code: str, expiry: str, opening: str | None, closing: str
) -> None:
    expires_on = date.fromisoformat(expiry)
    version = LAW.version_for(f"cn-{code}", "990000", expires_on)
    found = LAW.ladder(f"cn-{code}", version, "990000", expires_on).window
    assert str(found.opens_on) == str(opening)
    assert str(found.closes_on) == closing
