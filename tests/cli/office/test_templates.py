"""The commands about templates: list, show, check, preview, save."""

from pathlib import Path

import pytest

from tests.cli.commands import CMA, FOOD, NOON, Run, posted, sql, write

FIRST, NAME = "renewal-prepare", "renewal-last-call"
AT = ("--rule", FOOD, "--expires", "2024-12-31")


def edited(run: Run, after: str, before: str, language: str = "zh") -> Path:
    """The text in use, with words replaced, in a file."""
    file = Path(f"{NAME}.{language}.txt")
    text = run("templates", "show", NAME, "--language", language).answer
    assert before in text
    file.write_text(text.replace(before, after), "utf-8")
    return file


def test_the_shipped_templates_are_right_and_need_no_database(
    run: Run, folder: Path
) -> None:
    assert run("templates", "check").answer == "16 templates, no mistakes\n"
    assert not list(folder.iterdir())


def test_every_mistake_of_every_file_is_reported_at_once(
    run: Run, folder: Path
) -> None:
    (folder / "renewal-open.zh.txt").write_text("{{ phone }}", "utf-8")
    (folder / "renewal-open.en.txt").write_bytes(b"\xff")
    (folder / "hello.en.txt").write_text("ok", "utf-8")
    refusal = run("templates", "check", folder).refusal
    for told in (
        "  hello.en.txt:\n    file: found hello.en.txt, expected NAME.zh.txt or",
        "  renewal-open.en.txt:\n    file: found byte 1, expected text in UTF-8",
        "  renewal-open.zh.txt:\n    text line 1: found {{ phone }}",
    ):
        assert told in refusal
    file = folder / "renewal-open.zh.txt"
    file.write_text("【{{ signature }}】建议最迟", "utf-8")
    assert "found no {{ closes_on }}" in run("templates", "check", file).refusal


def test_a_place_without_templates_is_named(run: Run, folder: Path) -> None:
    (folder / "empty").mkdir()
    assert "no templates (*.txt) here" in run("templates", "check", "empty").refusal
    assert "nowhere" in run("templates", "check", "nowhere").refusal


@pytest.mark.usefixtures("office")
def test_every_template_is_listed_with_the_version_used(run: Run) -> None:
    lines = run("templates", "list").answer.splitlines()
    assert len(lines) == 16
    assert lines[0] == "contact-now        zh  version  0  shipped"
    run("templates", "save", NAME, "--language", "zh", edited(run, "需要", "如需"))
    [mine] = [
        one for one in run("templates", "list").answer.splitlines() if "  1" in one
    ]
    assert mine.startswith(f"{NAME}  zh  version  1  2024-01-28 04:00 UTC  ")


@pytest.mark.usefixtures("office")
def test_a_template_is_shown_whole_or_as_one_text(run: Run) -> None:
    shipped = run("templates", "show", NAME, "--language", "en").answer
    assert shipped.startswith("{{ signature }}: {{ addressee }}")
    whole = run("templates", "show", NAME).answer
    assert f"{NAME} en version 0:\n{shipped}" in whole
    assert "--version goes with --language" in (
        run("templates", "show", NAME, "--version", "0").refusal
    )
    for wrong in (("hello",), (NAME, "--language", "zh", "--version", "7")):
        assert "unknown" in run("templates", "show", *wrong).refusal


@pytest.mark.usefixtures("office")
def test_a_preview_shows_the_text_of_a_date_and_its_size(run: Run) -> None:
    lines = run("templates", "preview", NAME, *AT).answer.splitlines()
    assert lines[:3] == [
        f"{NAME} zh, for {FOOD} in 990000, expiry 2024-12-31:",
        (
            "【临江省市场监管局】贵单位食品生产许可证（尾号1234）2024年12月31日到期。"
            "如需延续，建议最迟11月18日（含当日）在省政务服务网或发证机关申请；"
            "到期未获延续的，不得继续生产。提醒免费，咨询12345，拒收请回复R"
        ),
        "  111 characters, UCS-2, 111 units, 2 segments",
    ]
    assert lines[3].startswith("at its longest, for ")
    assert lines[5].endswith("2 segments")
    english = run("templates", "preview", NAME, *AT, "--language", "en").answer
    assert "  266 characters, GSM-7, 266 units, 2 segments\n" in english


@pytest.mark.usefixtures("office")
def test_characters_that_force_an_english_text_into_ucs_2_are_shown(run: Run) -> None:
    file = edited(run, "“not later”", "not later", "en")
    seen = run("templates", "preview", NAME, "--language", "en", "--file", file)
    assert (seen.code, seen.err) == (1, "")
    assert "UCS-2 forced by “ ”, " in seen.out
    assert "mistake: text: found “ ” if provisional, expected characters" in seen.out


def test_a_preview_of_a_registered_permit_is_the_text_it_is_sent(
    run: Run, sent: Path
) -> None:
    _, body = posted(sent)[0]
    number = next(
        f"24000000000{at}" for at in range(1, 6) if f"（尾号000{at}）" in body
    )
    told = run("templates", "preview", FIRST, "--permit", number).answer
    assert told.splitlines()[1] == body
    refusal = run("templates", "preview", NAME, "--permit", "2400000000099").refusal
    assert "unknown permit number '2400000000099'" in refusal


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    "wrong",
    [
        ("--permit", "1", *AT),
        ("--rule", FOOD),
        ("--expires", "2024-12-31"),
        ("--language", "fr"),
        ("--file", "nowhere"),
        ("--rule", "no-rule", "--expires", "2024-12-31"),
        ("--authority", "nowhere"),
    ],
)
def test_contradicting_or_unknown_options_are_refused(
    run: Run, wrong: tuple[str, ...]
) -> None:
    assert run("templates", "preview", NAME, *wrong).refusal


def test_a_saved_text_is_previewed_then_used_and_can_be_undone(
    run: Run, live: Path
) -> None:
    text = run("templates", "show", FIRST, "--language", "zh").answer
    file = live / "mine.txt"
    file.write_text(text.replace("如需", "需要"), "utf-8")
    save = ("templates", "save", FIRST, "--language", "zh", file)
    seen = run(*save, "--dry-run").answer
    assert seen.endswith(f"would be {FIRST} zh version 1\n")
    assert sql(live, "SELECT count(*) FROM templates") == [(0,)]
    done = run(*save).answer
    assert done == seen.replace("would be", "saved as")
    assert f"{FIRST} zh version 1 says that already" in run(*save).refusal
    row = f"{CMA},240000000001,一号检测,2024-06-28,+12125550101"
    assert run("import", write(live / "permits.csv", row)).code == 0
    assert run("tick", "--now", NOON).code == 0
    [(_, body)] = posted(live)
    assert "。需要延续" in body
    old = run("templates", "show", FIRST, "--language", "zh", "--version", 0).answer
    file.write_text(old, "utf-8")
    assert run(*save).answer.endswith(f"saved as {FIRST} zh version 2\n")
    assert run("templates", "show", FIRST, "--language", "zh").answer == text


@pytest.mark.usefixtures("office")
def test_a_text_with_mistakes_is_refused_with_all_of_them(
    run: Run, installed: Path
) -> None:
    file = edited(run, "截止缴费", "提醒免费")
    save = ("templates", "save", NAME, "--language", "zh", file)
    refusal = run(*save).refusal
    for told in ("found no '免费'", "found '截止'", "found '缴费'"):
        assert told in refusal
    seen = run(*save, "--dry-run")
    assert (seen.code, seen.out.count("\nmistake: text: found ")) == (1, 3)
    assert sql(installed, "SELECT count(*) FROM templates") == [(0,)]
