"""American and British rules: other calendars, month ends, grace after expiry."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from service.domain.law.rule import Rule, Version, newest_first
from tests.schedules.catalogue import LAW, office_for, reference_rows, reminds

GRACE_FOUND_LATER = {"us-dea-registration"}
"""Their grace after expiry is known from a notice that the reference does not have."""


def newest(rule: Rule) -> Version:
    """The version in force now."""
    return newest_first(rule.versions)[0]


def foreign(slug: str) -> Rule:
    return LAW.rule(slug.replace("uk-", "gb-", 1))


def test_the_foreign_examples_are_second_hand_and_enabled() -> None:
    for entry in reference_rows("foreign_examples"):
        rule = foreign(entry["slug"])
        assert reminds(rule)
        assert {one.reference.confidence for one in rule.versions} == {"second-hand"}


def test_a_foreign_rule_counts_what_the_reference_counts() -> None:
    for entry in reference_rows("foreign_examples"):
        version = newest(foreign(entry["slug"]))
        opens, closes = entry["opens"], entry["closes"]
        found = version.opens and (version.opens.amount, version.opens.unit)
        unit = opens and opens["unit"].removeprefix("calendar_")
        assert found == (opens and (opens["amount"], unit))
        assert version.closes.kind in {None, "calendar"}
        earlier = version.closes.amount - closes["amount"]
        assert earlier in {0, 1}, "a law that says before the date closes a day before"
        assert (version.counts_from == "month-end") is ("S16" in entry["shape"])
        overdue = [step for step in version.steps if step.after_closing]
        grace = "S14" in entry["shape"] or entry["slug"] in GRACE_FOUND_LATER
        assert bool(overdue) is grace


@pytest.mark.parametrize(
    ("code", "expiry", "opening", "closing"),
    [
        ("us-fcc-wireless-radio", "2026-12-31", "2026-10-02", "2026-12-31"),
        ("us-dea-registration", "2026-05-13", "2026-04-01", "2026-05-29"),
        ("us-nrc-certificate", "2026-12-31", "None", "2026-12-01"),
        ("us-ca-liquor-licence", "2026-01-15", "None", "2026-01-30"),
        ("us-tx-occ-1071", "2026-06-30", "None", "2026-06-29"),
        ("gb-sia-licence", "2027-05-03", "2027-01-04", "2027-04-30"),
        ("gb-wales-landlord-licence", "2027-03-30", "2027-01-05", "2027-03-25"),
    ],
)
def test_the_foreign_rules_give_the_right_dates(
    code: str, expiry: str, opening: str, closing: str
) -> None:
    rule, expires_on = LAW.rule(code), date.fromisoformat(expiry)
    version = newest(rule)
    found = LAW.ladder(code, version, office_for(rule), expires_on).window
    assert (str(found.opens_on), str(found.closes_on)) == (opening, closing)


@pytest.mark.parametrize(
    ("code", "expiry", "steps"),
    [
        (
            "us-ca-liquor-licence",
            "2026-01-15",
            {"overdue": "2026-02-05", "overdue-last-call": "2026-03-17"},
        ),
        (
            "us-tx-occ-1071",
            "2026-06-30",
            {
                "overdue": "2026-07-06",
                "before-higher-fee": "2026-09-14",
                "before-second-year": "2027-06-01",
                "before-two-years": "2028-05-30",
            },
        ),
        (
            "us-dea-registration",
            "2027-02-11",
            {"overdue": "2027-03-02", "overdue-last-call": "2027-03-16"},
        ),
    ],
)
def test_overdue_holders_are_texted_on_a_working_day_while_it_helps(
    code: str, expiry: str, steps: Mapping[str, str]
) -> None:
    version = newest(LAW.rule(code))
    slots = LAW.ladder(code, version, "us-nyc", date.fromisoformat(expiry)).slots
    found = {
        slot.step: str(slot.due_at.date())
        for slot in slots
        if slot.template == "renewal-overdue"
    }
    assert found == steps


def test_a_california_license_is_not_called_renewable_on_the_day_it_is_cancelled() -> (
    None
):
    (version,) = LAW.rule("us-ca-liquor-licence").versions
    expiry = date(2026, 1, 31)
    last = LAW.ladder(version.rule, version, "us-nyc", expiry).slots[-1]
    zone = LAW.authority("us-nyc").zone
    cancelled_on = expiry + timedelta(days=60)
    assert last.until_at.astimezone(zone).date() == cancelled_on
    assert last.until_at.astimezone(zone).hour == 0


@pytest.mark.parametrize(
    ("expiry", "last_day"), [("2027-02-11", "2027-03-28"), ("2026-12-31", "2027-01-31")]
)
def test_a_dea_registration_can_be_reinstated_for_a_calendar_month(
    expiry: str, last_day: str
) -> None:
    version = newest(LAW.rule("us-dea-registration"))
    expires_on = date.fromisoformat(expiry)
    last = LAW.ladder(version.rule, version, "us-nyc", expires_on).slots[-1]
    ends = last.until_at.astimezone(LAW.authority("us-nyc").zone)
    assert str(ends.date() - timedelta(days=1)) == last_day


@pytest.mark.parametrize(("expiry", "days"), [("2019-12-31", 364), ("2020-12-31", 729)])
def test_a_texas_surveyor_is_texted_until_renewal_is_no_longer_possible(
    expiry: str, days: int
) -> None:
    """One year by the code, two by the rule of the merged boards."""
    expires_on = date.fromisoformat(expiry)
    version = LAW.version_for("us-tx-occ-1071", "us-nyc", expires_on)
    last = LAW.ladder(version.rule, version, "us-nyc", expires_on).slots[-1]
    ends = last.until_at.astimezone(LAW.authority("us-nyc").zone).date()
    assert (ends - expires_on).days == days + 1
