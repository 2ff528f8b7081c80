"""The shipped law: valid files that agree with the reference and give right dates."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_authorities, read_rules
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.deadlines.slot import current_slot
from service.domain.law.period import Period
from service.domain.lawbook.law import Law

ROOT = Path(__file__).parents[2]
SCHEDULES = ROOT / "schedules"
SHARED = ROOT.parent / "shared/reference/regulations-cn.json"
LAW = Law(
    read_rules(
        SCHEDULES,
        templates=JinjaTemplateLibrary(ROOT / "templates").step_templates(),
        calendars=calendars(),
    ),
    read_authorities(ROOT / "examples/authorities.toml", calendars=calendars()),
    calendars(),
)
CHINESE = sorted(code for code in LAW.rules if code.startswith("cn-"))
FILLING = "pressure-vessel-cylinder-filling-license"
SOURCE = {
    "cylinder-filling-license": FILLING,
    "mobile-pressure-vessel-filling-license": FILLING,
}
"""Two certificates that are one entry of the reference."""

CHECKED_ON = {date(2026, 11, 22), date(2026, 11, 30)}
CONFIDENCE = {"V1": "read", "V2": "second-hand"}
DECIDED = ("renewal_decision_date", "approval_date")


def reference() -> dict[str, Any]:
    if not SHARED.exists():
        pytest.skip("../shared is not here, so rules are not held against it")
    permits = json.loads(SHARED.read_text(encoding="utf-8"))["permits"]
    return {permit["slug"]: permit for permit in permits}


def windows() -> dict[str, dict[str, Any]]:
    """The reference entry of each rule whose window somebody read."""
    entries = {slug: one for slug, one in reference().items() if one["window_closes"]}
    entries |= {slug: entries[entry] for slug, entry in SOURCE.items()}
    sure = {slug for slug, one in entries.items() if one["confidence"] in CONFIDENCE}
    return {slug: entries[slug] for slug in sure}


def test_a_code_is_its_country_and_file_name() -> None:
    files = {f"{path.parent.name}-{path.stem}" for path in SCHEDULES.glob("*/*.toml")}
    assert files == set(LAW.rules)


def test_the_chinese_guide_has_a_row_for_every_type_of_the_reference() -> None:
    guide = (SCHEDULES / "cn/README.md").read_text(encoding="utf-8")
    assert [
        slug for slug in [*reference(), *SOURCE] if f"\n| {slug} |" not in guide
    ] == []


@pytest.mark.parametrize("code", CHINESE)
def test_a_chinese_rule_says_when_it_was_checked(code: str) -> None:
    rule = LAW.rule(code)
    sources = [version.reference for version in rule.versions]
    sources += [rule.never.reference] if rule.never else []
    assert {one.checked_on for one in sources} <= CHECKED_ON


def period(edge: dict[str, Any]) -> Period:
    if not edge["amount"]:
        return Period.parse(f"on {edge['anchor']}")
    units = {
        "working_day": "working days",
        "calendar_day": "calendar days",
        "day_unqualified": "unqualified days",
        "month": "months",
    }
    unit = units[edge["unit"]]
    return Period.parse(f"{edge['amount']} {unit} {edge['direction']} {edge['anchor']}")


def test_a_chinese_rule_says_what_the_reference_says() -> None:
    for slug, entry in windows().items():
        rule, basis = LAW.rule(f"cn-{slug}"), entry["basis"]
        (version,) = (
            one
            for one in rule.versions
            if str(one.in_force_from) in basis["effective_from"]
        )
        opens, validity = entry["window_opens"], entry["validity"]
        assert version.closes == period(entry["window_closes"]), slug
        assert version.opens == (period(opens) if opens else None), slug
        assert version.reference.confidence == CONFIDENCE[entry["confidence"]], slug
        assert version.reference.title in basis["title"], slug
        assert version.reference.article in basis["article"], slug
        assert str(validity.get("years", "as certified"))[:1] in rule.validity, slug
        conflicts = [period(one["window_closes"]) for one in entry["conflicts"]]
        assert [one.closes for one in version.conflicts] == conflicts, slug
        assert (version.new_term == "decision") is (
            entry["new_term_anchor"] in DECIDED
        ), slug


def test_a_type_refuses_late_filing_where_the_reference_says_so() -> None:
    """A notice of one city does not say what the law of the country refuses."""
    refused = ("reject", "hard reject", "cancelled; new")
    for slug, entry in windows().items():
        newest = LAW.rule(f"cn-{slug}").version_for(date(2026, 11, 22))
        late = entry["late"]["cls"]
        expected = "accepted" if late.startswith("soft-late") else None
        if late.startswith(refused) and late != "reject at expiry":
            expected = "refused"
        assert newest.late_filing == expected, slug


def test_the_certificate_of_internet_drug_information_is_no_longer_renewed() -> None:
    """A permit that is registered stays so, and nothing falls due for it."""
    rule = LAW.rule("cn-internet-drug-information-service")
    assert rule.never is not None
    assert rule.never.because == "abolished"
    expires_on = date(2027, 5, 13)
    version = LAW.version_for(rule.code, "990000", expires_on)
    assert LAW.ladder(rule.code, version, "990000", expires_on).slots == ()


def test_of_two_sources_the_earlier_closing_is_announced() -> None:
    for code in CHINESE:
        for version in LAW.rule(code).versions:
            for other in version.conflicts:
                day = date(2026, 12, 31)
                first = version.closes.shift(day)
                assert first <= other.closes.shift(day), code


def test_no_rule_repeats_a_sentence_of_its_source() -> None:
    quotes = [entry["quote"] for entry in reference().values() if entry.get("quote")]
    for path in SCHEDULES.rglob("*.*"):
        words = path.read_text(encoding="utf-8")
        assert not [quote for quote in quotes if quote in words]


def test_a_number_that_is_or_may_be_an_identity_number_is_personal() -> None:
    personal = {code for code, rule in LAW.rules.items() if rule.number_is_personal}
    assert personal == {
        "cn-licensed-pharmacist-registration",
        "cn-registered-metrologist",
        "cn-special-equipment-inspector-certificate",
        "cn-special-equipment-operator-certificate",
    }


@pytest.mark.parametrize(
    ("code", "expiry", "opening", "closing", "lenient"),
    [
        ("food-production-license", "2026-12-31", None, "2026-11-18", "2026-11-19"),
        ("food-business-license", "2026-10-20", "06-09", "2026-09-21", "2026-09-22"),
        ("inspection-testing-cma", "2026-05-31", None, "2026-02-28", "2026-02-28"),
        ("cylinder-filling-license", "2027-06-30", "06-30", "2026-12-30", "2026-12-30"),
        ("foreign-representative-office", "2026-12-02", "10-08", *["2026-12-02"] * 2),
    ],
)
def test_the_shipped_rules_give_the_right_dates(
    code: str, expiry: str, opening: str | None, closing: str, lenient: str
) -> None:
    expires_on = date.fromisoformat(expiry)
    version = LAW.rule(f"cn-{code}").version_for(expires_on)
    found = LAW.ladder(f"cn-{code}", version, "990000", expires_on).window
    assert str(found.opens_on) == (f"2026-{opening}" if opening else "None")
    assert (str(found.closes_on), str(found.closes_on_lenient)) == (closing, lenient)
    assert not found.provisional


def test_a_new_york_garage_is_texted_on_the_first_working_morning_of_2023() -> None:
    version = LAW.rule("us-nyc-parking").versions[0]
    expiry, noon = date(2023, 3, 31), datetime(2023, 1, 3, 17, tzinfo=UTC)
    slots = LAW.ladder("us-nyc-parking", version, "us-nyc", expiry).slots
    standing = current_slot(slots, noon)
    assert standing is not None
    assert standing.step == "open"
    assert standing.due_at == datetime(2023, 1, 3, 14, 30, tzinfo=UTC)
    assert all(noon < slot.until_at for slot in slots)


def test_the_example_offices_send_for_themselves() -> None:
    assert sorted(LAW.authorities) == ["990000", "us-nyc"]
    assert all(LAW.sending_office(code).code == code for code in LAW.authorities)
