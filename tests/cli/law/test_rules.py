"""The commands about rules: check, diff, apply, revert, shadow, export."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import CMA, FOOD, NOON, ROOT, Run, sql, write
from tests.schedules.catalogue import RULES

SERIES = f"{CMA}@2015-08-01"

NEVER = "cn-advertising-release-registration"
"""A rule that never reminds."""

LATER = "2024-02-01T12:00+08:00"


def edited(run: Run, *changes: tuple[str, str], code: str = CMA) -> Path:
    """The installed text of a rule in a file, with words replaced."""
    file = Path(f"{code}.toml")
    run("rules", "export", code, "--out", file)
    text = file.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, "utf-8")
    return file


TWO_MONTHS = ("3 months before expiry", "2 months before expiry")


def weeks(before: int) -> str:
    """The printed table of twelve weeks, out of which the only reminder moves."""
    mondays = [date(2024, 1, 29) + timedelta(weeks=at) for at in range(12)]
    return "".join(
        f"  {monday}                    {at == before:d}        0\n"
        for at, monday in enumerate(mondays)
    )


def reasons(folder: Path) -> list[Any]:
    """The reasons of forced changes in the action log."""
    rows = sql(folder, "SELECT detail FROM actions WHERE what LIKE 'rules %'")
    told = [json.loads(detail) for (detail,) in rows]
    return [one["reason"] for one in told if "reason" in one]


@pytest.fixture
def texted(run: Run, live: Path) -> Path:
    """Linjiang on Monday: one CMA holder got a text, another gets one later."""
    register = write(
        live / "permits.csv",
        f"{CMA},240000000001,一号检测,2024-06-28,+12125550101",
        f"{CMA},240000000002,二号检测,2024-09-30,+12125550102",
    )
    assert run("import", register).code == 0
    assert run("tick", "--now", NOON).answer.startswith(
        "1 reminders created, 1 messages"
    )
    return live


def test_the_shipped_rules_are_right_and_need_no_database(
    run: Run, folder: Path
) -> None:
    assert run("rules", "check").answer == f"{len(RULES)} rule files, no mistakes\n"
    one = ROOT / "schedules" / "cn" / "food-production-license.toml"
    assert run("rules", "check", one).answer == "1 rule files, no mistakes\n"
    assert not list(folder.iterdir())


def test_every_mistake_of_every_rule_file_is_reported_at_once(
    run: Run, folder: Path
) -> None:
    rules = folder / "rules"
    rules.mkdir()
    shipped = (ROOT / "schedules" / "us" / "nyc-parking.toml").read_text("utf-8")
    wrong = shipped.replace("90 calendar days before expiry", "90 days or so")
    (rules / "a.toml").write_text(wrong, "utf-8")
    (rules / "b.toml").write_text("code = 1\n[[versions", "utf-8")
    refusal = run("rules", "check", rules).refusal
    assert "a.toml" in refusal
    assert '"90 days or so"' in refusal
    (rules / "b.toml").unlink()
    (rules / "a.toml").unlink()
    assert "no rule files" in run("rules", "check", rules).refusal
    assert "nowhere" in run("rules", "check", "nowhere").refusal


@pytest.mark.usefixtures("office")
def test_a_rule_whose_text_would_take_three_segments_is_refused(run: Run) -> None:
    long = "Inspection Body Approval for Testing, Calibration and Measurement"
    file = edited(run, ("CMA Inspection Body Approval", long))
    for command in ("check", "diff", "apply"):
        refusal = run("rules", command, file).refusal
        [line] = [one for one in refusal.splitlines() if "segments" in one]
        assert "versions[2].steps: found last-call in en: 3 segments" in line
        assert "certificate.en or late.en or action.en shorter by" in line


@pytest.mark.usefixtures("installed")
def test_the_shipped_rules_once_installed_would_change_nothing(run: Run) -> None:
    assert run("db", "upgrade").code == 0
    assert run("rules", "diff").answer == "nothing would change\n"
    assert run("rules", "apply").answer == "nothing changed\n"


def test_a_new_rule_is_installed_once(run: Run, office: Path) -> None:
    shipped = (ROOT / "schedules" / "us" / "nyc-parking.toml").read_text("utf-8")
    file = office / "a.toml"
    file.write_text(shipped.replace('"us-nyc-parking"', '"us-nyc-garage"'), "utf-8")
    new = "new us-nyc-garage\nnew us-nyc-garage@2000-01-01.1\n"
    assert run("rules", "diff", file).answer == f"{new}no permit would move\n"
    assert run("rules", "apply", file).answer == f"{new}no permit moved\n"
    assert run("rules", "apply", file).answer == "nothing changed\n"
    listed = run("rules", "list").answer
    assert "us-nyc-garage  停车场许可  Garage and parking lot\n" in listed


@pytest.mark.usefixtures("office")
def test_the_list_shows_sources_and_rules_that_never_remind(run: Run) -> None:
    listed = run("rules", "list").answer
    assert (
        "  cn-food-production-license@2020-03-01.1  closes 30 working days before "
        "expiry  《食品生产许可管理办法》第三十四条, read 2026-11-22\n"
    ) in listed
    assert "  never reminds (abolished): the Advertising Law as amended" in listed
    disabled = [
        line for line in listed.splitlines() if line.endswith("until it is read")
    ]
    assert disabled
    assert all(", unverified 20" in line for line in disabled)


def test_a_diff_shows_what_apply_then_does(run: Run, texted: Path) -> None:
    file = edited(run, TWO_MONTHS, ('validity = "6 years"', 'validity = "5 years"'))
    before = sql(texted, "SELECT * FROM slots")
    assert run("rules", "diff", file).answer == (
        f"{CMA}\n"
        "  validity: 6 years -> 5 years\n"
        f"{SERIES}.1 -> {SERIES}.2\n"
        "  closes: 3 months before expiry -> 2 months before expiry\n"
        "permits would move: 2\n"
        "  closings would come later: 2, by 31 to 32 days\n"
        "  texts already sent, would be kept: prepare 1\n"
        "reminders due, week of     before    after\n" + weeks(before=7)
    )
    told = run("rules", "diff", file, "--json").told
    assert sql(texted, "SELECT * FROM slots") == before
    done = run("rules", "apply", file, "--json").told
    assert (told.pop("applied"), done.pop("applied")) == (False, True)
    assert told == done
    assert sql(texted, "SELECT * FROM slots") != before
    assert run("rules", "diff", file).answer == "nothing would change\n"
    assert run("audit").answer == "the ledger adds up\n"


def test_apply_prints_how_to_revert_it(run: Run, texted: Path) -> None:
    before = sql(texted, "SELECT series, step, due_at FROM slots ORDER BY 1, 2, 3")
    done = run("rules", "apply", edited(run, TWO_MONTHS)).answer
    assert "permits moved: 2\n" in done
    assert done.endswith(f"revert with: permit-reminders rules revert {CMA}\n")
    seen = run("rules", "revert", CMA, "--dry-run").answer
    assert seen.startswith(f"{SERIES}.2 -> {SERIES}.1\n")
    assert "  closings would come earlier: 2, by 31 to 32 days\n" in seen
    told = run("rules", "revert", CMA).answer
    assert "  closings came earlier: 2, by 31 to 32 days\n" in told
    after = sql(texted, "SELECT series, step, due_at FROM slots ORDER BY 1, 2, 3")
    assert before == after
    assert run("rules", "revert", CMA).refusal == (
        f"permit-reminders: {CMA}: there is no former version to go back to"
    )
    assert run("audit").answer == "the ledger adds up\n"


def test_a_dropped_step_is_refused_unless_forced_with_a_reason(
    run: Run, texted: Path
) -> None:
    file = edited(run, ('"prepare"', '"first-word"'))
    seen = run("rules", "diff", file)
    assert (seen.code, seen.err) == (1, "")
    objection = (
        f"{SERIES}.2: drops the step prepare, in which 1 permits were texted; the step "
        'in its place must say replaces = "prepare"'
    )
    assert f"objection: {objection}\n" in seen.out
    assert objection in run("rules", "apply", file).refusal
    refusal = run("rules", "apply", file, "--force", " ").refusal
    assert "'--force': found nothing, expected why, in one line" in refusal
    done = run("rules", "apply", file, "--force", "the old text was wrong").answer
    assert f"forced: {objection}\n" in done
    assert reasons(texted) == ["the old text was wrong"]
    assert run("audit").answer == "the ledger adds up\n"


@pytest.mark.usefixtures("texted")
def test_a_step_that_says_what_it_replaces_texts_nobody_twice(run: Run) -> None:
    replaced = '"first-word", replaces = ["prepare"]'
    file = edited(run, ('"prepare"', replaced))
    assert "forced" not in run("rules", "apply", file).answer
    assert run("tick").answer.startswith("0 reminders created, 0 messages posted")
    assert run("audit").answer == "the ledger adds up\n"


def test_a_revert_that_drops_a_sent_step_must_be_forced(run: Run, live: Path) -> None:
    row = f"{CMA},240000000001,一号检测,2024-06-28,+12125550101"
    run("import", write(live / "permits.csv", row))
    run("rules", "apply", edited(run, ('"prepare"', '"first-word"')))
    run("tick", "--now", NOON)
    assert "drops the step first-word" in run("rules", "revert", CMA).refusal
    assert run("rules", "revert", CMA, "--force", "the old name counts").code == 0
    assert reasons(live) == ["the old name counts"]


def test_a_shadow_is_computed_and_never_sends(run: Run, texted: Path) -> None:
    sooner = ("60 days before closing", "160 days before closing")
    file = edited(run, sooner)
    slots = sql(texted, "SELECT * FROM slots")
    told = run("rules", "apply", file, "--shadow").answer
    assert f"{SERIES}.1 -> {SERIES}.2\n" in told
    assert "  texts late, would be sent at the next tick: prepare 1\n" in told
    assert told.endswith(
        f"nobody is texted by it; see permit-reminders rules shadow {CMA}\n"
    )
    assert sql(texted, "SELECT * FROM slots") == slots
    assert run("tick", "--now", LATER).answer.startswith("0 reminders created, 0 mess")
    seen = run("rules", "shadow", CMA).answer
    assert f"shadow {SERIES}.2, if it were applied:\n" in seen
    assert "  texts late, would be sent at the next tick: prepare 1\n" in seen
    assert f"{SERIES}.2  closes 3 months before expiry" in run("rules", "list").answer
    assert run("rules", "apply", file, "--shadow").answer == "nothing would change\n"


def test_an_applied_shadow_is_no_longer_a_shadow(run: Run, texted: Path) -> None:
    file = edited(run, TWO_MONTHS)
    run("rules", "apply", file, "--shadow")
    assert f"{SERIES}.1 -> {SERIES}.3\n" in run("rules", "apply", file).answer
    assert "it has no shadow" in run("rules", "shadow", CMA).refusal
    wanted = "SELECT id, state FROM versions WHERE id LIKE 'cn-inspection-%@2015-%'"
    assert sorted(sql(texted, wanted)) == [
        (f"{SERIES}.1", "active"),
        (f"{SERIES}.2", "retired"),
        (f"{SERIES}.3", "active"),
    ]


@pytest.mark.usefixtures("office")
def test_a_shadow_needs_an_installed_rule(run: Run) -> None:
    file = edited(run, (CMA, "cn-tea-installation"))
    refusal = run("rules", "apply", file, "--shadow").refusal
    assert "cn-tea-installation: not installed" in refusal
    assert "cn-tea-installation" not in run("rules", "list").answer


@pytest.mark.parametrize(
    "code", [CMA, FOOD, "cn-food-workshop-registration-local", NEVER]
)
@pytest.mark.usefixtures("installed")
def test_applying_an_exported_rule_changes_nothing(run: Run, code: str) -> None:
    file = edited(run, code=code)
    assert run("rules", "check", file).answer == "1 rule files, no mistakes\n"
    assert run("rules", "diff", file).answer == "nothing would change\n"
    assert run("rules", "export", code).answer == file.read_text("utf-8")


@pytest.mark.usefixtures("office")
def test_an_export_has_the_applied_text_and_no_revision(run: Run) -> None:
    run("rules", "apply", edited(run, TWO_MONTHS))
    text = run("rules", "export", CMA).answer
    assert 'closes = "2 months before expiry"' in text
    assert "revision" not in text


@pytest.mark.parametrize("verb", ["revert", "shadow", "export"])
@pytest.mark.usefixtures("installed")
def test_an_unknown_rule_is_named_with_the_known_ones(run: Run, verb: str) -> None:
    refusal = run("rules", verb, "cn-tea-installation").refusal
    assert "unknown rule 'cn-tea-installation'; known: cn-" in refusal


def test_a_diff_counts_exactly_whom_the_next_tick_then_texts(
    run: Run, live: Path
) -> None:
    holder = f"{CMA},24000000000%d,%d号检测,2024-06-28,+1212555010%d"
    run("import", write(live / "permits.csv", holder % (1, 1, 1)))
    assert "1 messages" in run("tick", "--now", "2024-03-25T12:00+08:00").answer
    run("import", write(live / "more.csv", *[holder % (n, n, n) for n in (1, 2)]))
    file = edited(run, TWO_MONTHS)
    assert "next tick: prepare 1\n" in run("rules", "diff", file).answer
    run("rules", "apply", file)
    assert ", 1 messages" in run("tick", "--now", "2024-03-29T12:00+08:00").answer
    texted = "SELECT step, count(*) FROM message_reminders GROUP BY 1 ORDER BY 1"
    assert sql(live, texted) == [("last-call", 1), ("prepare", 1)]
    assert run("audit").answer == "the ledger adds up\n"
