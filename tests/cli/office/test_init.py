import re
import shlex
import tomllib
from io import StringIO
from pathlib import Path

import pytest
import xlsxwriter

from tests.cli.commands import FOOD, Ran, Run, write

OFFICE = {
    "--code": "990000",
    "--name": "临江省市场监管局 / LINJIANG-AMR",
    "--zone": "Asia/Shanghai",
    "--helpline": "12345",
}
FLAGS = [word for option in OFFICE.items() for word in option]


def chain(ran: Ran) -> list[list[str]]:
    """The commands on the last line."""
    *_, head, last = ran.out.splitlines()
    assert head == "next:"
    commands = last.split(" && ")
    return [shlex.split(one)[1:] for one in commands]


def sheet(folder: Path) -> Path:
    """An export as offices make it: a title, a merged header, dates in three forms."""
    register = folder / "台账.xlsx"
    with xlsxwriter.Workbook(str(register)) as workbook:
        page = workbook.add_worksheet()
        page.merge_range(0, 0, 0, 3, "临江省食品生产许可台账（截至2026年11月）")
        page.merge_range(1, 0, 2, 0, "许可证编号")
        page.merge_range(1, 1, 2, 1, "企业名称")
        page.merge_range(1, 2, 1, 3, "有效期与联系")
        page.write_row(2, 2, ["有效期至", "联系电话"])
        for row, expiry in enumerate(
            ["2031年3月1日", "2031/3/2", "20310303", "长期"], 1
        ):
            cells = [f"SC1013799000000{row}", f"青枫食品{row}厂", expiry]
            page.write_row(2 + row, 0, [*cells, f"+1212555010{row}"])
    return register


def test_what_it_writes_is_loaded_without_editing(run: Run, folder: Path) -> None:
    ran = run("init", *FLAGS, "--register", sheet(folder))
    assert (ran.code, ran.err) == (0, "")
    done = [run(*command) for command in chain(ran)]
    assert [one.code for one in done] == [0, 0, 0], done
    assert "1 registered (no expiry)" in done[-1].out
    assert "3 registered" in done[-1].out
    told = run("explain", "--permit", "SC10137990000001", "--json").told
    assert told["authority"] == "990000"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Asia/Urumqi", ("CN", "zh", "Call to opt out")),
        ("America/Chicago", ("US", "en", "Reply STOP to opt out")),
        ("Europe/London", ("GB", "en", "Reply STOP to opt out")),
    ],
)
def test_the_zone_s_country_has_calendar_language_and_way_to_opt_out(
    run: Run, folder: Path, zone: str, expected: tuple[str, ...]
) -> None:
    assert run("init", *FLAGS, "--zone", zone).code == 0
    [office] = tomllib.loads((folder / "office.toml").read_text("utf-8"))["authorities"]
    found = office["calendar"], office["language"], office["opt_out"]["en"]
    assert found == expected


def test_an_english_name_makes_no_chinese_text_too_long(run: Run, folder: Path) -> None:
    name = "Dept of Health Licensing"
    ran = run("init", *FLAGS, "--name", name, "--zone", "America/Chicago")
    assert [run(*command).code for command in chain(ran)] == [0, 0]
    [office] = tomllib.loads((folder / "office.toml").read_text("utf-8"))["authorities"]
    assert office["signature"] == {"zh": "发证机关", "en": name}


@pytest.mark.parametrize("option", OFFICE)
def test_without_a_terminal_a_line_names_the_missing_options(
    run: Run, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())
    others = [word for one in OFFICE.items() if one[0] != option for word in one]
    told = run("init", *others).refusal
    assert f"no terminal to ask at; give {option};" in told


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_at_a_terminal_it_asks_until_an_answer_can_be_used(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = write(folder / "list.csv", "A-1,青枫食品厂,2031-03-01,+12125550101")
    rows.write_text(rows.read_text("utf-8").replace("rule,", "", 1), "utf-8")
    about = ["A B", "a-b", "临" * 17, "某市监管局", "", "12345"]
    answers = ["none.csv", "", FOOD, *about]
    monkeypatch.setattr("sys.stdin", Terminal("\n".join([*answers, ""])))
    ran = run("init")
    assert ran.code == 0, ran
    assert ran.err.count("Error: found") == 1
    assert "(-: none yet) [list.csv]" in ran.err
    assert "shorter by 1" in ran.err
    assert "'none.csv' does not exist" in ran.err
    assert f'rule = "{FOOD}"' in (folder / "list.toml").read_text("utf-8")
    assert 'zone = "Asia/Shanghai"' in (folder / "office.toml").read_text("utf-8")
    assert [run(*command).code for command in chain(ran)] == [0, 0, 0]


def test_what_is_there_is_looked_at_before_the_first_question(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("a-b\n"))
    (folder / "list.xlsx").write_bytes(b"PK")
    asked = "The office's code"
    broken = run("init", "--register", folder / "list.xlsx")
    assert (broken.code, asked in broken.err) == (2, False)
    (folder / "office.toml").write_text("mine", "utf-8")
    existing = run("init")
    assert (existing.code, asked in existing.err) == (2, False)
    assert "office.toml: exists; give --overwrite" in existing.err


def test_an_option_that_makes_texts_too_long_is_refused_before_the_first_question(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("-\na-b\n\n12345\n12345\n"))
    ran = run("init", "--name", "临" * 17)
    assert "shorter by 1" in ran.err
    assert "change --name or --helpline" in ran.err
    assert "The office's code" not in ran.err
    assert not (folder / "office.toml").exists()


def test_a_question_that_is_left_open_is_the_next_thing_to_do(
    run: Run, folder: Path
) -> None:
    register = write(
        folder / "list.csv",
        "A-0001,青枫食品厂,2031-03-01",
        header="number,holder,expires_on",
    )
    ran = run("init", *FLAGS, "--register", register)
    assert (ran.code, chain(ran)[-1][:2]) == (1, ["mapping", "check"])
    assert "to be answered in list.toml: which rule do the permits" in ran.err
    answered = run(
        "init", *FLAGS, "--register", register, "--rule", FOOD, "--overwrite"
    )
    assert answered.code == 0


@pytest.mark.parametrize("existing", ["office.toml", "list.toml"])
def test_nothing_is_overwritten_unless_told(
    run: Run, folder: Path, existing: str
) -> None:
    register = write(
        folder / "list.csv", f"{FOOD},A-0001,青枫食品厂,2031-03-01,+12125550101"
    )
    (folder / existing).write_text("mine", "utf-8")
    before = {*folder.iterdir()}
    told = run("init", *FLAGS, "--register", register).refusal
    assert told.endswith(f"{existing}: exists; give --overwrite to replace it")
    assert {*folder.iterdir()} == before
    assert (folder / existing).read_text("utf-8") == "mine"
    assert run("init", *FLAGS, "--register", register, "--overwrite").code == 0
    assert (folder / existing).read_text("utf-8") != "mine"


@pytest.mark.parametrize(
    ("option", "wrong", "expected"),
    [
        ("--zone", "Mars", "a zone of CN, GB, US such as Asia/Shanghai"),
        ("--zone", "Asia/Tokyo", "a zone of CN, GB, US such as Asia/Shanghai"),
        ("--name", "临" * 17, "signature.zh or .* shorter by 1; .*change --name"),
        ("--name", "Müller Łódź Office", "without Ł: they force UCS-2"),
        (
            "--name",
            "Dept of Health / Licensing Div",
            "one name in Chinese and one in English",
        ),
        ("--helpline", "12345 or www.example.org", "found 'www.', expected no link"),
        ("--helpline", "缴费热线12345", "nothing about payment"),
        ("--name", "【某局】", "the bare name"),
        ("--rule", "cn-fod-production-license", "cn-food-production-license"),
    ],
)
def test_a_wrong_answer_says_what_was_expected(
    run: Run, folder: Path, option: str, wrong: str, expected: str
) -> None:
    register = write(
        folder / "list.csv", f"{FOOD},A-0001,青枫食品厂,2031-03-01,+12125550101"
    )
    told = run("init", *FLAGS, "--register", register, option, wrong).refusal
    assert re.search(expected, told)
    assert not (folder / "office.toml").exists()
