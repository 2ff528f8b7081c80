import json
from pathlib import Path

import orjson
import pytest

from tests.cli.commands import CMA, FOOD, NOON, ROOT, Run, write

KEYS = [
    "rule",
    "version",
    "authority",
    "expires_on",
    "opens_on",
    "closes_on",
    "closes_on_lenient",
    "provisional",
    "slots",
    "trace",
]
MORE = ["zone", "reference", "late_filing"]
NEVER = "cn-direct-selling-license"
ASKED = ("explain", "--rule", FOOD, "--expires", "2026-12-31")


def test_a_date_is_explained_in_an_empty_folder(run: Run, folder: Path) -> None:
    told = run(*ASKED, "--json").told
    assert list(told) == KEYS + MORE
    assert told["rule"] == FOOD
    assert told["authority"] == "990000"
    assert told["expires_on"] == "2026-12-31"
    assert told["opens_on"] is None
    assert told["closes_on"] == "2026-11-18"
    assert told["closes_on_lenient"] == "2026-11-19"
    assert told["provisional"] is False
    assert [list(slot) for slot in told["slots"]] == [
        ["step", "due_at", "template"]
    ] * 2
    assert [slot["due_at"] for slot in told["slots"]] == [
        "2026-09-20T01:30:00+00:00",
        "2026-11-11T01:30:00+00:00",
    ]
    assert not list(folder.iterdir())


def test_the_explanation_is_the_documented_one(run: Run) -> None:
    assert run(*ASKED).answer.splitlines() == [
        "rule               cn-food-production-license",
        "version            cn-food-production-license@2020-03-01.1",
        "authority          990000",
        "expires_on         2026-12-31",
        "opens_on           -",
        "closes_on          2026-11-18 (lenient 2026-11-19)",
        "step prepare       2026-09-20 01:30 UTC",
        "step last-call     2026-11-11 01:30 UTC",
        (
            "  version cn-food-production-license@2020-03-01.1: the expiry date "
            "2026-12-31 picks it; in force from 2020-03-01 on"
        ),
        (
            "  source: 食品生产许可管理办法 第三十四条; the clause itself was read, "
            "checked on 2026-11-22"
        ),
        "  anchor: periods count from the expiry date, 2026-12-31",
        (
            "  closes 30 working days before expiry: strict 2026-11-18, with all of "
            "them between it and 2026-12-31; lenient 2026-11-19, with 2026-12-31 as "
            "one of them; texts name the earlier one"
        ),
        "  closes: not counted: weekends; no holiday lies between",
        (
            "  late filing: the law does not say what happens to an application after "
            "closing; texts say: Unless renewed by expiry, production must stop"
        ),
        (
            "  zones: in time until 2026-11-18, late from 2026-11-19 until 2026-12-31, "
            "expired after that"
        ),
        (
            "  step prepare, 60 days before closing: 2026-09-19; not a sending day (a "
            "Saturday), moved to 2026-09-20, a make-up workday; due 2026-09-20 09:30 "
            "Asia/Shanghai (2026-09-20 01:30 UTC); current until last-call is due, "
            "2026-11-11 09:30 Asia/Shanghai"
        ),
        (
            "  step last-call, 5 working days before closing: 2026-11-11; due "
            "2026-11-11 09:30 Asia/Shanghai (2026-11-11 01:30 UTC); current until the "
            "end of 2026-11-18"
        ),
    ]


def test_an_unpublished_year_is_called_provisional(run: Run) -> None:
    asked = ("explain", "--rule", FOOD, "--expires", "2062-03-01")
    assert run(*asked, "--json").told["provisional"] is True
    assert "provisional: a year's holidays are not published yet" in run(*asked).answer


@pytest.mark.parametrize("place", ["folder", "installed"])
def test_the_default_office_is_in_the_country_of_the_rule(
    place: str, run: Run, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(place)
    asked = ("explain", "--rule", "us-nyc-parking", "--expires", "2023-03-31")
    told = run(*asked, "--json").told
    assert (told["authority"], told["opens_on"]) == ("us-nyc", "2023-01-03")
    told = run(*ASKED, "--json").told
    assert (told["authority"], told["closes_on"]) == ("990000", "2026-11-18")


@pytest.mark.parametrize("place", ["folder", "installed"])
def test_an_unknown_rule_or_office_is_named_with_the_known_ones(
    place: str, run: Run, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(place)
    asked = ("explain", "--rule", "food", "--expires", "2026-12-31")
    refusal = run(*asked).refusal
    assert refusal.startswith("permit-reminders: unknown rule 'food'; known: cn-")
    assert FOOD in refusal
    assert run(*ASKED, "--authority", "110000").refusal == (
        "permit-reminders: unknown authority '110000'; known: 990000, us-nyc"
    )


def test_an_expiry_before_the_law_is_an_error(run: Run) -> None:
    refusal = run("explain", "--rule", FOOD, "--expires", "2005-08-31").refusal
    assert "no version governs" in refusal


@pytest.mark.parametrize("place", ["folder", "installed"])
def test_another_version_is_explained_by_its_key(
    place: str, run: Run, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(place)
    former = f"{FOOD}@2005-09-01.1"
    told = run(*ASKED, "--version", former, "--json").told
    assert (told["version"], told["closes_on"]) == (former, "2026-06-30")
    assert f"{FOOD}@2020-03-01.1" in told["trace"][0]
    refusal = run(*ASKED, "--version", "2005").refusal
    assert refusal == (
        f"permit-reminders: unknown version '2005'; known: {former}, "
        f"{FOOD}@2015-10-01.1, {FOOD}@2020-03-01.1"
    )


@pytest.mark.parametrize("place", ["folder", "installed"])
def test_the_issue_date_chooses_the_version(
    place: str, run: Run, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(place)
    asked = (*ASKED, "--issued", "2021-12-31", "--json")
    assert run(*asked).told["version"] == f"{FOOD}@2020-03-01.1"
    refusal = run("explain", "--permit", "1", "--issued", "2021-12-31").refusal
    assert "--issued goes with --rule: a permit has its own" in refusal


@pytest.mark.parametrize("place", ["folder", "installed"])
def test_a_rule_that_never_reminds_says_so_and_exits_with_1(
    place: str, run: Run, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(place)
    asked = ("explain", "--rule", NEVER, "--expires", "2026-12-31")
    ran = run(*asked)
    assert (ran.code, ran.err) == (1, "")
    (line,) = ran.out.splitlines()
    assert line.startswith(f"{NEVER}: never reminds (no-expiry): no term was found")
    ran = run(*asked, "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["rule"], told["never"]["because"]) == (1, NEVER, "no-expiry")


def test_the_explanation_names_who_installed_the_version(
    run: Run, installed: Path
) -> None:
    trace = run(*ASKED, "--json").told["trace"]
    assert "revision 1 of 1; installed: 1 by db upgrade on 2" in trace[1]
    assert installed.exists()


def test_a_shadow_is_the_last_line_of_a_plain_answer(run: Run, installed: Path) -> None:
    shipped = (ROOT / "schedules/cn/food-production-license.toml").read_text("utf-8")
    before, _, newest = shipped.rpartition("30 working days before expiry")
    file = installed / "shadow.toml"
    file.write_text(f"{before}60 working days before expiry{newest}", "utf-8")
    assert run("rules", "apply", file, "--shadow").code == 0
    lines = run(*ASKED).answer.splitlines()
    assert lines[-1] == (
        f"shadow {FOOD}@2020-03-01.2, which sends nothing, would give: closes_on "
        "2026-10-08, not 2026-11-18; closes_on_lenient 2026-10-09, not 2026-11-19; "
        "prepare 2026-08-10 09:30; last-call 2026-09-23 09:30"
    )
    assert run(*ASKED, "--json").told["shadow"]["closes_on"] == "2026-10-08"


def test_a_permit_shows_its_history(run: Run, live: Path) -> None:
    row = f"{CMA},240000001234,云溪检测有限公司,2024-06-28,+12125550142"
    run("import", write(live / "permits.csv", row))
    asked = ("explain", "--permit", "240000001234")
    assert run(*asked).answer.endswith(
        "permit 240000001234, 云溪检测有限公司, active\n"
        "  step prepare: not due before 2024-01-29 09:30 Asia/Shanghai\n"
        "  step last-call: not due before 2024-03-21 09:30 Asia/Shanghai\n"
    )
    run("tick", "--now", NOON)
    told = run(*asked, "--json").told
    assert list(told) == KEYS + MORE + ["steps", "history", "permit"]
    permit = told["permit"]
    assert list(permit) == [
        "number",
        "holder",
        "status",
        "status_reason",
        "renewal_filed_on",
        "renewals",
        "district",
        "phones",
        "contacts",
        "reminders",
    ]
    assert permit["phones"] == [["+1212***0142", "mobile"]]
    (reminder,) = permit["reminders"]
    assert reminder["step"] == "prepare"
    assert reminder["state"] in {"sent", "delivered"}
    assert reminder["sent_at"] == "2024-01-29T04:00:00+00:00"
    assert [list(one) for one in told["steps"]] == [["step", "due_at", "outcome"]] * 2
    [story] = told["history"]
    assert list(story) == ["step", "expires_on", "moves"]
    lines = run(*asked).answer.splitlines()
    at = lines.index("  reminder prepare, expiry 2024-06-28, Asia/Shanghai:")
    assert lines[at - 2].startswith("  step prepare: sent to +1212***0142 on 2024-01-")
    made, handed_over, sent, *_ = lines[at + 1 :]
    assert made.startswith("    2024-01-29 12:00  created, due 2024-01-29 09:30 Asia")
    assert handed_over == "    2024-01-29 12:00  sending to +1212***0142"
    assert sent == (
        "    2024-01-29 12:00  sent to +1212***0142 through sandbox; it names "
        "2024-03-28 as the last day"
    )


def test_a_permit_that_lost_its_expiry_date_shows_its_history_and_never_reminds(
    run: Run, live: Path
) -> None:
    row = f"{CMA},240000001234,云溪检测有限公司,%s,+12125550142"
    run("import", write(live / "permits.csv", row % "2024-06-28"))
    run("tick", "--now", NOON)
    run("import", write(live / "permits.csv", row % "长期"))
    asked = ("explain", "--permit", "240000001234")
    seen = run(*asked)
    assert (seen.code, seen.err) == (1, "")
    head, *lines = seen.out.partition("  reminder prepare, expiry 2024-06-28")
    assert head == (
        f"rule               {CMA}\n"
        "authority          990000\n"
        "expires_on         -\n"
        "  never reminds: nothing reminds of a permit without an expiry date\n"
        "permit 240000001234, 云溪检测有限公司, active\n"
    )
    assert "sent to +1212***0142 through sandbox" in "".join(lines)
    told = orjson.loads(run(*asked, "--json").out)
    assert (told["expires_on"], len(told["history"])) == (None, 1)
    assert "unknown version '2005'; known: " in run(*asked, "--version", "2005").refusal
    version = f"{FOOD}@2020-03-01.1"
    assert f"expected a version of {CMA}" in run(*asked, "--version", version).refusal


def test_a_personal_number_is_found_and_shown_masked(run: Run, live: Path) -> None:
    rule, number = "cn-special-equipment-operator-certificate", "990101199001011234"
    run("import", write(live / "permits.csv", f"{rule},{number},甲,2024-06-28,"))
    for form in ((), ("--json",)):
        text = run("explain", "--permit", number, *form).answer
        assert number not in text
        assert "1234" in text


def test_a_number_in_two_offices_is_explained_for_each(run: Run, live: Path) -> None:
    header = "authority,rule,number,holder,expires_on"
    rows = (f"990000,{CMA},1,A,2024-06-28", "us-nyc,us-nyc-parking,1,B,2024-03-31")
    run("import", write(live / "permits.csv", *rows, header=header))
    text = run("explain", "--permit", "1").answer
    assert "permit 1, A, active" in text
    assert "permit 1, B, active" in text
    asked = ("explain", "--permit", "1", "--json", "--authority", "us-nyc")
    assert run(*asked).told["permit"]["holder"] == "B"


@pytest.mark.usefixtures("installed")
def test_an_unknown_number_is_an_error(run: Run) -> None:
    for number in ("nr-1", "110101199003070011"):
        asked = run("explain", "--permit", number)
        assert asked.refusal == f"permit-reminders: unknown permit number '{number}'"
