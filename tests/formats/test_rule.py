import json
import tomllib
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.adapters.calendars.holidays import calendars
from service.domain.errors import InvalidError
from service.domain.law.period import Period
from service.domain.law.rule import Rule
from service.domain.lawbook.documents import rule_to_dict
from service.formats.rule import parse_rule

CALENDARS = calendars()
TEMPLATES = {
    "renewal-prepare",
    "renewal-last-call",
    "renewal-overdue",
    "contact-now",
    "correction",
}
FILE = """
code = "xx-permit"
name = { zh = "许可", en = "Permit" }
certificate = { zh = "许可证", en = "Permit" }
action = { zh = "延续", en = "renew" }
calendar = "CN"
holder = "any"
validity = "5 years"
number_tail = "last 4"

[[versions]]
in_force_from = 2020-03-01
opens = "90 working days before expiry"
closes = "30 working days before expiry"
late = { zh = "逾期不受理", en = "Late applications are refused" }
new_term = "decision"
[versions.reference]
title = "某办法"
article = "第三十四条"
checked_on = 2026-11-22
confidence = "read"
[[versions.steps]]
name = "prepare"
at = "60 days before closing"
template = "renewal-prepare"
[[versions.steps]]
name = "last-call"
at = "5 working days before closing"
template = "renewal-last-call"
[[versions.conflicts]]
title = "另一办法"
closes = "1 month before expiry"
note = { zh = "另一说法", en = "Says otherwise" }
"""

Values = dict[str, Any]


def good() -> Values:
    return tomllib.loads(FILE)


def read(values: Values) -> Rule:
    return parse_rule(
        values,
        "xx.toml",
        templates=TEMPLATES,
        calendars=CALENDARS,
        today=date(2026, 11, 30),
    )


def mistakes(values: Values) -> list[str]:
    with pytest.raises(InvalidError) as refusal:
        read(values)
    assert refusal.value.where == "xx.toml"
    return [str(mistake) for mistake in refusal.value.mistakes]


def changed(path: str, value: object) -> Values:
    """The good file with one key, such as "versions.0.closes", set or, by None, cut."""
    values = good()
    at: Any = values
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    for part in way:
        at = at[part]
    at[last] = value
    if value is None:
        del at[last]
    return values


def test_a_good_file_becomes_a_rule_with_its_defaults() -> None:
    rule = read(good())
    version = rule.version_for(date(2026, 12, 31))
    assert version.key == "xx-permit@2020-03-01.1"
    assert version.closes == Period("expiry", 30, "day", "working")
    assert version.governs == "expiry"
    assert rule.number_tail == 4
    assert rule.min_gap_days == 3
    assert not rule.number_is_personal
    assert [step.after_closing for step in version.steps] == [False, False]


@pytest.mark.parametrize(
    ("path", "value", "mistake"),
    [
        ("code", None, "code: found nothing, expected small letters and digits"),
        ("code", "CN permit", 'code: found "CN permit", expected small letters'),
        ("name", "许可", 'name: found "许可", expected a table'),
        ("name.en", " ", 'name.en: found " ", expected some text'),
        ("calendar", "XX", 'calendar: found "XX", expected one of CN, GB, US'),
        ("holder", "company", "expected one of any, organization, person"),
        ("number_tail", 4, 'number_tail: found 4, expected "last 4", up to last 32'),
        ("number_tail", "last 33", 'found "last 33", expected "last 4"'),
        ("number_is_personal", "yes", "expected true or false"),
        (
            "min_gap_days",
            -1,
            "found -1, expected a whole number from 0 to 366",
        ),
        ("min_gap_days", True, "found True, expected a whole number"),
        ("closes", "x", "closes: found an unknown key, expected only action, apply_at"),
        ("versions", [], "versions: found [], expected a list of 1 or more tables"),
        ("versions.0.closses", "x", "versions[1].closses: found an unknown key"),
        (
            "versions.0.closes",
            None,
            'versions[1].closes: found nothing, expected like "30 working days before',
        ),
        ("versions.0.closes", "30 days before expiry", "expected working, calendar or"),
        ("versions.0.opens", "30 days before closing", "edge counted from expiry"),
        (
            "versions.0.in_force_from",
            "soon",
            "a date like 2026-12-31, from 1900 to 2200",
        ),
        ("versions.0.in_force_from", date(1900, 1, 1), "expected a day from 1989-"),
        ("versions.0.in_force_until", date(2020, 1, 1), "a day from 2020-03-01 on"),
        ("versions.0.in_force_from", date(9999, 12, 31), "from 1900 to 2200"),
        ("versions.0.in_force_until", date(9999, 12, 31), "from 1900 to 2200"),
        ("versions.0.revision", 10**22, "expected a whole number from 1 to 9999"),
        ("versions.0.steps.0.name", "a" * 41, "hyphens, at most 40 characters"),
        ("versions.0.revision", 0, "expected a whole number from 1 to 9999"),
        ("versions.0.governs", "birth", "expected one of expiry, issue"),
        ("versions.0.new_term", "later", "expected one of decision, expiry"),
        ("versions.0.late.zh", "逾" * 31, "at most 30 characters and no full stop"),
        ("versions.0.late.en", "No.", "at most 70 characters and no full stop"),
        (
            "versions.0.late.zh",
            "请付款",
            "versions[1].late.zh: found '付款', expected n",
        ),
        (
            "certificate.zh",
            "点击 www.x.cn",
            "certificate.zh: found '点击', expected no",
        ),
        ("name.en", "see a.gov", "name.en: found 'a.gov', expected no link"),
        ("action.en", "pay", "action.en: found 'pay', expected nothing about payment"),
        ("apply_at", {"zh": "局", "en": "https://a.gov"}, "apply_at.en: found '://'"),
        ("apply_at", {"zh": "局" * 17, "en": "x"}, "apply_at.zh: found"),
        ("helpline", "扫码", "helpline: found '扫码', expected no link"),
        ("versions.0.reference.confidence", "sure", "versions[1].reference.confidence"),
        ("versions.0.reference", None, "versions[1].reference: found nothing"),
        (
            "versions.0.reference.checked_on",
            date(2026, 12, 2),
            "checked_on: found 2026-12-02, expected a day up to 2026-11-30, not one",
        ),
        ("versions.0.steps", [], "versions[1].steps: found [], expected a list of 1"),
        ("versions.0.steps.1.at", "later", "versions[1].steps[2].at: found"),
        (
            "versions.0.steps.1.at",
            "5 unqualified days before closing",
            "plain days, wh",
        ),
        ("versions.0.steps.1.template", "contact-now", 'found "contact-now", expected'),
        ("versions.0.steps.1.template", "correction", "expected one of renewal-last-c"),
        ("versions.0.steps.1.template", "sms", "expected one of renewal-last-call, re"),
        ("versions.0.steps.1.name", "prepare", "a name no earlier step has"),
        ("versions.0.steps.0.name", "open", 'steps[1].name: found "open", expected'),
        ("versions.0.conflicts.0.note", "?", "versions[1].conflicts[1].note: found"),
        ("versions.0.opens", "9 working days before expiry", "opening before the cl"),
        ("versions.0.steps.0.at", "1 day after closing", "or after_closing = true"),
        ("versions.0.steps.0.at", "on expiry", "or after_closing = true"),
        ("versions.0.steps.0.until", "on expiry", "a day up to closing, or"),
        ("versions.0.steps.0.until", "90 days before closing", "a day not before 60"),
        ("versions.0.steps.0.at", "2 days before closing", "a later day than the step"),
    ],
)
def test_a_mistake_names_key_value_and_what_was_expected(
    path: str, value: object, mistake: str
) -> None:
    found = mistakes(changed(path, value))
    assert any(mistake in line for line in found), found


def test_a_stored_revision_may_be_of_a_time_in_which_the_type_never_reminded() -> None:
    values = changed("versions.0.steps", None)
    stored = parse_rule(
        values,
        "xx-permit",
        templates=TEMPLATES,
        calendars=CALENDARS,
        already_checked=True,
    )
    assert stored.versions[0].steps == ()
    assert mistakes(values) == [
        "versions[1].steps: found nothing, expected a list of 1 or more tables"
    ]


def test_a_step_on_opening_needs_an_opening() -> None:
    values = changed("versions.0.opens", None)
    values["versions"][0]["steps"][0]["at"] = "on opening"
    (mistake,) = mistakes(values)
    assert mistake.startswith('versions[1].steps[1].at: found "on opening"')
    assert mistake.endswith("for this version has no `opens`")


def test_a_source_checked_where_the_next_day_has_begun_is_no_mistake() -> None:
    rule = read(changed("versions.0.reference.checked_on", date(2026, 12, 1)))
    assert rule.versions[0].reference.checked_on == date(2026, 12, 1)


def test_all_mistakes_of_a_file_are_reported_at_once() -> None:
    values = changed("holder", "company")
    values["colour"] = "red"
    second = deepcopy(values["versions"][0])
    values["versions"][0]["closes"] = "soon"
    second["steps"].reverse()
    values["versions"].append(second)
    keys = [line.split(":")[0] for line in mistakes(values)]
    assert keys == [
        "holder",
        "versions[1].closes",
        "versions[2].steps[1].name",
        "versions[2].steps[2].at",
        "colour",
    ]


@pytest.mark.parametrize(
    ("first", "second", "mistake"),
    [
        ({}, {}, "versions[1].revision: found 1, expected one version for 2020-03-01"),
        (
            {"in_force_until": date(2021, 5, 1)},
            {"in_force_from": date(2021, 5, 1)},
            "versions[1].in_force_until: found 2021-05-01, expected a day before",
        ),
    ],
)
def test_versions_that_overlap_are_refused(
    first: Values, second: Values, mistake: str
) -> None:
    values = good()
    version = values["versions"][0]
    values["versions"] = [version | first, version | second]
    assert mistakes(values)[0].startswith(mistake)


def test_a_revision_may_replace_a_version() -> None:
    values = good()
    values["versions"].append(values["versions"][0] | {"revision": 2})
    assert read(values).version_for(date(2026, 1, 1)).revision == 2


def after_expiry(prepare_until: str | None, last_template: str) -> Values:
    """A window from 12 weeks before expiry to 28 days after it, with two texts."""
    values = changed("versions.0.opens", "12 weeks before expiry")
    version = values["versions"][0]
    version["closes"] = "28 calendar days after expiry"
    del version["conflicts"]
    prepare, last_call = version["steps"]
    prepare |= {"at": "on opening"} | (
        {"until": prepare_until} if prepare_until else {}
    )
    last_call |= {
        "at": "7 days after expiry",
        "until": "28 days after expiry",
        "after_closing": True,
        "template": last_template,
    }
    return values


def test_a_window_may_end_after_expiry() -> None:
    version = read(after_expiry("on expiry", "renewal-overdue")).versions[0]
    assert str(version.closes) == "28 calendar days after expiry"


@pytest.mark.parametrize(
    ("prepare_until", "last_template", "key"),
    [
        (None, "renewal-overdue", "versions[1].steps[1].template"),
        ("on expiry", "renewal-last-call", "versions[1].steps[2].template"),
    ],
)
def test_a_text_that_says_expires_is_not_sent_of_a_permit_that_has_expired(
    prepare_until: str | None, last_template: str, key: str
) -> None:
    (mistake,) = mistakes(after_expiry(prepare_until, last_template))
    assert mistake.startswith(key)
    assert 'expected renewal-overdue, or until = "on expiry"' in mistake


def test_a_step_after_closing_is_accepted_when_it_says_so() -> None:
    values = good()
    lapsed = {
        "name": "lapsed",
        "at": "10 days after expiry",
        "until": "30 days after expiry",
        "after_closing": True,
        "template": "renewal-overdue",
    }
    values["versions"][0]["steps"].append(lapsed)
    assert read(values).versions[0].steps[2].after_closing
    del lapsed["until"]
    (mistake,) = mistakes(values)
    assert mistake == (
        'versions[1].steps[3].until: found "expiry", expected a day not before '
        "10 days after expiry (tried: expiry 2020-03-01)"
    )


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "in_force_until": st.dates(date(2020, 3, 1), date(2040, 1, 1)),
        "revision": st.integers(1, 9),
        "governs": st.sampled_from(["expiry", "issue"]),
        "new_term": st.sampled_from(["decision", "expiry"]),
        "closes": st.integers(1, 60).map(lambda n: f"{n} working days before expiry"),
        "conflicts": st.just([]),
    },
)


@settings(deadline=None)
@given(CHANGES, st.integers(1, 32), st.integers(0, 30))
def test_a_rule_survives_being_stored_as_json(
    changes: Values, tail: int, gap: int
) -> None:
    values = good()
    values |= {"number_tail": f"last {tail}", "number_is_personal": gap > 3}
    values["min_gap_days"] = gap
    values["versions"][0] |= changes
    rule = read(values)
    stored = json.loads(json.dumps(rule_to_dict(rule), ensure_ascii=False))
    again = read(stored)
    assert (again, again.versions) == (rule, rule.versions)


def test_a_stored_rule_leaves_out_what_the_law_does_not_say() -> None:
    values = changed("versions.0.opens", None)
    said: Any = rule_to_dict(read(values))
    assert "opens" not in said["versions"][0]
    assert said["versions"][0]["closes"] == "30 working days before expiry"
    assert said["number_tail"] == "last 4"
