from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.errors import NotInForceError
from service.domain.explain.dates import build_trace
from service.domain.law.period import Period
from service.domain.law.rule import (
    BilingualText,
    ConflictingSource,
    NoReminderReason,
    Reference,
)
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import ExplainRequest, choose_version
from tests.cases.dating import CALENDARS, OFFICES, RULES
from tests.domain.explain.traces import (
    CITY,
    PROVINCE,
    explain,
    law_of,
    lines,
    lines_with,
    request,
    step,
    version,
)

PREPARE = step("prepare", "60 days before closing")


def test_a_date_is_explained_from_anchor_to_instant() -> None:
    food = version(
        steps=(PREPARE, *version().steps), late=BilingualText("字", "No more trade")
    )
    assert explain(food, "2026-12-31") == [
        (
            "version xx-permit@2000-01-01.1: the expiry date 2026-12-31 picks it; "
            "in force from 2000-01-01 on"
        ),
        "source: A law Article 1; the clause itself was read, checked on 2026-11-22",
        "anchor: periods count from the expiry date, 2026-12-31",
        (
            "closes 30 working days before expiry: strict 2026-11-18, with all of them "
            "between it and 2026-12-31; lenient 2026-11-19, with 2026-12-31 as one of "
            "them; texts name the earlier one"
        ),
        "closes: not counted: weekends; no holiday lies between",
        (
            "late filing: the law does not say what happens to an application after "
            "closing; texts say: No more trade"
        ),
        (
            "zones: in time until 2026-11-18, late from 2026-11-19 until 2026-12-31, "
            "expired after that"
        ),
        (
            "step prepare, 60 days before closing: 2026-09-19; not a sending day (a "
            "Saturday), moved to 2026-09-20, a make-up workday; due 2026-09-20 09:30 "
            "Asia/Shanghai (2026-09-20 01:30 UTC); current until last-call is due, "
            "2026-11-11 09:30 Asia/Shanghai"
        ),
        (
            "step last-call, 5 working days before closing: 2026-11-11; due 2026-11-11 "
            "09:30 Asia/Shanghai (2026-11-11 01:30 UTC); current until the end of "
            "2026-11-18"
        ),
    ]


@pytest.mark.parametrize(
    ("counts_from", "line"),
    [
        ("expiry", "periods count from the expiry date, 2026-05-15"),
        (
            "month-end",
            (
                "periods count from 2026-05-31, the end of the month of the expiry "
                "date 2026-05-15"
            ),
        ),
        (
            date(2027, 6, 30),
            (
                "periods count from 2027-06-30, the same day for all permits, "
                "whatever the expiry date (2026-05-15)"
            ),
        ),
    ],
)
def test_the_anchor_of_periods_is_explained(counts_from: object, line: str) -> None:
    counted = version(counts_from=counts_from)
    assert explain(counted, "2026-05-15", "anchor") == [line]


@pytest.mark.parametrize(
    ("closes", "counts_from", "zones"),
    [
        (
            "1 calendar day before expiry",
            "expiry",
            "until 2026-05-14, late on 2026-05-15, expired after that",
        ),
        ("on expiry", "expiry", "until 2026-05-15, expired after that"),
        (
            "10 calendar days before expiry",
            "month-end",
            "until 2026-05-21, late from 2026-05-22 until 2026-05-31, expired after ",
        ),
        (
            "on expiry",
            date(2026, 7, 1),
            "until 2026-07-01, although the permit expires on 2026-05-15",
        ),
    ],
)
def test_time_falls_into_zones(closes: str, counts_from: object, zones: str) -> None:
    (line,) = explain(version(closes, counts_from=counts_from), "2026-05-15", "zones")
    assert line.startswith(f"in time {zones}")


@pytest.mark.parametrize(
    ("late_filing", "line"),
    [
        ("accepted", "the law still accepts an application after closing"),
        ("refused", "the law refuses an application after closing"),
        (None, "the law does not say what happens to an application after closing"),
    ],
)
def test_late_filing_is_explained(late_filing: object, line: str) -> None:
    found = explain(version(late_filing=late_filing), "2026-12-31", "late filing")
    assert found == [line]


def test_a_conflicting_source_is_explained_with_its_day() -> None:
    other = ConflictingSource(
        "A notice", Period.parse("on expiry"), BilingualText("字", "Seen on paper")
    )
    found = explain(version(conflicts=(other,)), "2026-10-03", "conflict")
    assert found == [
        "A notice says on expiry, which would be 2026-09-30; Seen on paper"
    ]


def test_another_sender_is_explained_with_its_days_and_hours() -> None:
    law = law_of(version())
    assert lines_with("sender", lines(law, request("2026-12-31"))) == []
    assert lines_with("sender", lines(law, request("2026-12-31", "990100"))) == [
        (
            "Linjiang (990000) texts for 990100, on working days of CN from 09:30 to "
            "17:30 Asia/Shanghai"
        )
    ]
    often = replace(PROVINCE, sending_days=frozenset({3, 1}))
    law = law_of(version(), offices=[often, CITY])
    (line,) = lines_with("sender", lines(law, request("2026-12-31", "990100")))
    assert "on ISO weekdays 1 3 from 09:30" in line


def test_a_type_that_never_reminds_says_so() -> None:
    source = Reference("A law", "Article 1", date(2026, 11, 22), "unverified")
    unread = version(reference=source, steps=())
    never = NoReminderReason(
        "unverified", BilingualText("字", "nobody read it"), source
    )
    law = law_of(unread, never=never)
    assert lines_with("nothing is texted", lines(law, request("2026-12-31"))) == [
        "xx-permit never reminds (unverified): nobody read it"
    ]
    law = law_of(unread)
    assert lines_with("nothing is texted", lines(law, request("2026-12-31"))) == [
        "nobody has verified the source of xx-permit@2000-01-01.1"
    ]


DATED = [rule.code for rule in RULES.values() if rule.versions]
LAW = Law(RULES, OFFICES, CALENDARS)


@given(st.sampled_from(DATED), st.dates(date(2005, 1, 1), date(2035, 12, 31)))
def test_every_shipped_type_can_be_explained_for_any_expiry(
    code: str, expires_on: date
) -> None:
    calendar = LAW.rule(code).calendar
    office = next(
        (one for one in OFFICES.values() if one.calendar == calendar),
        OFFICES["us-nyc"],
    )
    of = ExplainRequest(code, office.code, expires_on)
    try:
        chosen = choose_version(LAW, of)
    except NotInForceError:
        return
    reckoned = LAW.compute_ladder(code, chosen, office.code, expires_on)
    found = [*build_trace(LAW, of, reckoned)]
    assert len(lines_with("step", found)) == len(chosen.steps)
    assert len(lines_with("zones", found)) == 1
    assert all("\n" not in line for line in found)
