from pathlib import Path

import pytest

from tests.cli.commands import CMA, FOOD, NOON, Run, write

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
ASKED = ("explain", "--rule", FOOD, "--expires", "2026-12-31")


def test_a_date_is_explained_in_an_empty_folder(run: Run, folder: Path) -> None:
    told = run(*ASKED, "--json").told
    assert list(told) == KEYS
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


def test_it_reads_like_an_answer(run: Run) -> None:
    assert run(*ASKED).answer.splitlines() == [
        "rule               cn-food-production-license",
        "version            cn-food-production-license@2020-03-01.1",
        "authority          990000",
        "expires_on         2026-12-31",
        "opens_on           -",
        "closes_on          2026-11-18 (lenient 2026-11-19)",
        "step prepare       2026-09-20 01:30 UTC",
        "step last-call     2026-11-11 01:30 UTC",
        "  version cn-food-production-license@2020-03-01.1",
        "  closes 30 working days before expiry: strict 2026-11-18, lenient 2026-11-19",
        (
            "  prepare 60 days before closing: 2026-09-19, not a day to send, moved to "
            "2026-09-20; due 09:30 Asia/Shanghai"
        ),
        (
            "  last-call 5 working days before closing: 2026-11-11; due 09:30 "
            "Asia/Shanghai"
        ),
    ]


def test_holidays_that_are_not_published_yet_are_said(run: Run) -> None:
    asked = ("explain", "--rule", FOOD, "--expires", "2062-03-01")
    assert run(*asked, "--json").told["provisional"] is True
    assert "provisional: a year's holidays are not published yet" in run(*asked).answer


@pytest.mark.parametrize("place", ["folder", "installed"])
def test_the_office_of_the_rule_s_country_is_meant(
    place: str, run: Run, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(place)
    asked = ("explain", "--rule", "us-nyc-parking", "--expires", "2023-03-31")
    told = run(*asked, "--json").told
    assert (told["authority"], told["opens_on"]) == ("us-nyc", "2023-01-03")
    told = run(*ASKED, "--json").told
    assert (told["authority"], told["closes_on"]) == ("990000", "2026-11-18")


@pytest.mark.parametrize("place", ["folder", "installed"])
def test_a_wrong_rule_or_office_is_told_with_those_there_are(
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


def test_an_expiry_before_the_law_is_told(run: Run) -> None:
    refusal = run("explain", "--rule", FOOD, "--expires", "2019-12-31").refusal
    assert "no version governs" in refusal


def test_a_permit_shows_its_history(run: Run, live: Path) -> None:
    row = f"{CMA},240000001234,云溪检测有限公司,2024-06-28,+12125550142"
    run("import", write(live / "permits.csv", row))
    asked = ("explain", "--permit", "240000001234")
    assert run(*asked).answer.endswith(
        "permit 240000001234, 云溪检测有限公司, active\n"
        "  nothing was due yet since it was registered\n"
    )
    run("tick", "--now", NOON)
    told = run(*asked, "--json").told
    assert list(told) == [*KEYS, "permit"]
    permit = told["permit"]
    assert list(permit) == [
        "number",
        "holder",
        "status",
        "renewal_filed_on",
        "phones",
        "reminders",
    ]
    assert permit["phones"] == [["+1212***0142", "mobile"]]
    (reminder,) = permit["reminders"]
    assert reminder["step"] == "prepare"
    assert reminder["state"] in {"sent", "delivered"}
    assert reminder["sent_at"] == "2024-01-29T04:00:00+00:00"
    lines = run(*asked).answer.splitlines()
    assert lines[-1].startswith("  prepare 2024-06-28 ")
    assert lines[-1].endswith(" 2024-01-29 04:00 UTC")


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
def test_a_number_nobody_knows_is_told(run: Run) -> None:
    asked = run("explain", "--permit", "nr-1")
    assert asked.refusal == "permit-reminders: unknown permit number 'nr-1'"
