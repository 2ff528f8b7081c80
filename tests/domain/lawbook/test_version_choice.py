from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from service.domain.errors import InvalidError, NotInForceError, UnknownError
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import Revision, choose_version
from tests.domain.explain.traces import (
    CODE,
    law_of,
    lines,
    lines_with,
    request,
    version,
)

OLD = version("6 months before expiry")
NEW = version(in_force_from=date(2020, 3, 1))
LOCAL = version("90 working days before expiry", jurisdiction="990000")
LAW = law_of(OLD, NEW)


def first(law: Law, expires_on: str) -> str:
    return lines(law, request(expires_on))[0].removeprefix("version ")


@pytest.mark.parametrize(
    ("expires_on", "expected"),
    [
        (
            "2020-02-29",
            (
                f"{CODE}@2000-01-01.1: the expiry date 2020-02-29 picks it; in force "
                f"from 2000-01-01 until {CODE}@2020-03-01.1 follows on 2020-03-01"
            ),
        ),
        (
            "2020-03-01",
            (
                f"{CODE}@2020-03-01.1: the expiry date 2020-03-01 picks it; "
                "in force from 2020-03-01 on"
            ),
        ),
    ],
)
def test_the_expiry_date_picks_the_version_in_force_on_it(
    expires_on: str, expected: str
) -> None:
    assert first(LAW, expires_on) == expected


def test_a_version_that_ended_names_its_last_day() -> None:
    ended = law_of(version(in_force_until=date(2022, 12, 31)))
    assert first(ended, "2022-12-31").endswith("from 2000-01-01 until 2022-12-31")


@pytest.mark.parametrize(
    ("issued_on", "why"),
    [
        (date(2019, 1, 1), "the issue date 2019-01-01 picks it"),
        (
            None,
            ("the expiry date 2024-01-01, because the issue date is unknown, picks it"),
        ),
    ],
)
def test_a_rule_may_go_by_the_issue_date(issued_on: date | None, why: str) -> None:
    law = law_of(replace(OLD, governs="issue"), replace(NEW, governs="issue"))
    of = request("2024-01-01", issued_on=issued_on)
    chosen = choose_version(law, of)
    assert chosen.in_force_from == (OLD if issued_on else NEW).in_force_from
    assert f": {why}; in force" in lines(law, of)[0]


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (
            NEW.key,
            "asked for by name; the expiry date 2026-12-31 picks it too",
        ),
        (
            OLD.key,
            f"asked for by name; the expiry date 2026-12-31 picks {NEW.key}",
        ),
    ],
)
def test_any_version_can_be_asked_for_by_name(key: str, why: str) -> None:
    of = request("2026-12-31", version=key)
    assert choose_version(LAW, of).key == key
    assert f"{key}: {why}; in force" in lines(LAW, of)[0]


def test_a_version_is_explained_for_dates_before_any_is_in_force() -> None:
    of = request("1999-12-31", version=OLD.key)
    assert "no version governs these dates by itself" in lines(LAW, of)[0]
    with pytest.raises(NotInForceError, match="the first is in force from 2000-01-01"):
        choose_version(LAW, request("1999-12-31"))


def test_a_permit_is_explained_under_the_version_it_falls_under() -> None:
    assert choose_version(LAW, request("2026-12-31", registered_version=OLD.key)) == OLD


def test_an_unknown_version_is_refused_with_the_versions_of_its_rule() -> None:
    other = replace(OLD, rule="yy-permit")
    law = Law(LAW.rules, LAW.authorities, LAW.calendars, [other])
    with pytest.raises(UnknownError) as unknown:
        choose_version(law, request("2026-12-31", version="xx-permit@1"))
    assert unknown.value.known == (OLD.key, NEW.key)
    expected = "version: found 'yy-permit@2000-01-01.1', expected a version of xx-perm"
    with pytest.raises(InvalidError, match=expected):
        choose_version(law, request("2026-12-31", version=other.key))


@pytest.mark.parametrize(
    ("laid_over", "expected"),
    [
        (
            NEW,
            (
                "the law of Linjiang (990000) and below, in place of the general "
                f"{CODE}@2020-03-01.1"
            ),
        ),
        (
            version(in_force_from=date(2030, 1, 1)),
            "the law of Linjiang (990000) and below; no general version is in force",
        ),
    ],
)
def test_a_province_s_own_version_comes_before_the_general_one(
    laid_over: object, expected: str
) -> None:
    assert isinstance(laid_over, type(NEW))
    law = law_of(laid_over, LOCAL)
    of = request("2026-12-31", "990100")
    assert choose_version(law, of) == LOCAL
    assert lines(law, of)[1] == f"version {LOCAL.key}: {expected}"


def test_a_jurisdiction_that_is_not_loaded_goes_by_its_code() -> None:
    far = replace(LOCAL, jurisdiction="410000")
    found = lines(law_of(NEW, far), request("2026-12-31", version=far.key))
    assert found[1].startswith(
        f"version {far.key}: the law of 410000 and below, in place"
    )


def installed(*states: str) -> list[Revision]:
    return [
        Revision(f"{NEW.series}.{at}", state, datetime(2026, at, 1, tzinfo=UTC), "li")
        for at, state in enumerate(states, start=1)
    ]


@pytest.mark.parametrize(
    ("revisions", "expected"),
    [
        ([], []),
        (
            installed("active"),
            ["revision 1 of 1; installed: 1 by li on 2026-01-01 00:00 UTC (in force)"],
        ),
        (
            installed("active", "retired", "active", "shadow"),
            [
                (
                    "revision 1 of 4; installed: "
                    "1 by li on 2026-01-01 00:00 UTC (former), "
                    "2 by li on 2026-02-01 00:00 UTC (retired), "
                    "3 by li on 2026-03-01 00:00 UTC (in force), "
                    "4 by li on 2026-04-01 00:00 UTC (shadow)"
                )
            ],
        ),
    ],
)
def test_the_author_and_time_of_each_revision_are_named(
    revisions: list[Revision], expected: list[str]
) -> None:
    found = lines_with(
        f"version {NEW.key}", lines(LAW, request("2026-12-31"), revisions)
    )
    assert found[1:] == expected
