import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from service.adapters.registers.mapping_file import load_mapping
from tests.cli.commands import ROOT, Run

SAMPLES = ROOT / "tests" / "samples" / "registers"
NYC = ROOT.parent / "shared" / "data" / "nyc-dca-licences.csv"
EXAMPLE = ROOT / "examples" / "mappings" / "nyc-dca.toml"
REGISTERS = sorted(SAMPLES.glob("*.csv"))


def meanings(mapping: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """What each column means: its field, or None where it is ignored."""
    yield from mapping["columns"].items()
    yield from dict.fromkeys(mapping["ignore"]).items()


def suggested(run: Run, register: Path) -> dict[str, Any]:
    ran = run("import", "--suggest", register)
    assert ran.code in {0, 1}, ran
    return tomllib.loads(ran.out)


@pytest.mark.usefixtures("installed")
def test_nine_columns_in_ten_are_right_over_six_registers(run: Run) -> None:
    right = total = 0
    for register in REGISTERS:
        golden = tomllib.loads(register.with_suffix(".toml").read_text("utf-8"))
        found = suggested(run, register)
        expected = dict(meanings(golden))
        assert dict(meanings(found)).keys() == expected.keys()
        right += len({*meanings(found)} & {*meanings(golden)})
        total += len(expected)
        assert found.get("rule") == golden.get("rule")
        assert found.get("date_formats") == golden.get("date_formats")
        for field, words in found["values"].items():
            assert words.items() <= golden["values"][field].items()
    assert len(REGISTERS) == 6
    assert right / total >= 0.9


@pytest.mark.skipif(not NYC.exists(), reason="../shared/data is not here")
@pytest.mark.usefixtures("installed")
def test_new_york_s_register_gets_the_mapping_that_was_written_by_hand(
    run: Run,
) -> None:
    golden, found = tomllib.loads(EXAMPLE.read_text("utf-8")), suggested(run, NYC)
    assert dict(meanings(found)) == dict(meanings(golden))
    assert (found["rule"], found["values"]) == (golden["rule"], golden["values"])


@pytest.mark.usefixtures("installed")
def test_phones_of_contacts_get_their_roles_and_stand_in_the_order_of_these(
    run: Run, folder: Path
) -> None:
    register = folder / "food.csv"
    rows = [f"JY{at},A{at}公司,2027-01-02,+1212555010{at}" for at in range(9)]
    header = "许可证编号,经营者名称,有效期至,经办人电话,法定代表人电话,行政区划代码"
    lines = [header, *(f"{row},{row[-12:]},110101.0" for row in rows)]
    register.write_text("\n".join(lines), "utf-8")
    found = suggested(run, register)
    assert found["roles"] == {"经办人电话": "agent", "法定代表人电话": "representative"}
    assert [*found["columns"].items()][-3:] == [
        ("行政区划代码", "district"),
        ("法定代表人电话", "phones"),
        ("经办人电话", "phones"),
    ]


@pytest.mark.usefixtures("installed")
def test_a_suggestion_can_be_used_as_it_is(run: Run, folder: Path) -> None:
    for register in REGISTERS:
        ran = run("import", "--suggest", register)
        file = folder / "mapping.toml"
        file.write_text(ran.out, "utf-8")
        if ran.code:
            assert ran.err == (
                "1 of its questions must be answered before it can be used; they stand "
                "first\n"
            )
            assert "nothing for rule" in run("mapping", "check", file).refusal
        else:
            load_mapping(file)


@pytest.mark.usefixtures("installed")
def test_a_suggestion_shows_no_phone_and_no_identity_number(run: Run) -> None:
    told = run("import", "--suggest", SAMPLES / "chinese_food_licences.csv").answer
    assert "1101011801" not in told
    assert "5550120" not in told
    assert "121****0120" in told
    assert "are persons' identity numbers" in told


@pytest.mark.usefixtures("installed")
def test_a_large_register_is_judged_by_its_head_middle_and_end(
    run: Run, folder: Path
) -> None:
    register = folder / "large.csv"
    rows = [
        f"L-{at:06},Elm Garage LLC,{_expiry(at)},{'x' * 60}" for at in range(30_000)
    ]
    register.write_text("\n".join(["Licence No,Licensee,Expiry date,Note", *rows, ""]))
    told = run("import", "--suggest", register).out
    # Only the end has another form of dates, and no cell of the head decides on days.
    assert '"Expiry date" = ["%d/%m/%Y", "%d-%b-%Y"]' in told
    assert "# Looked at the first 1500 rows and " in told


def _expiry(row: int) -> str:
    return "25-Mar-2031" if row > 29_900 else f"{13 + row % 15}/03/2030"


@pytest.mark.usefixtures("installed")
def test_a_workbook_has_a_title_and_its_sheet_names_the_rule(
    run: Run, folder: Path
) -> None:
    register = folder / "台账.xlsx"
    with xlsxwriter.Workbook(str(register)) as workbook:
        sheet = workbook.add_worksheet("食品生产许可")
        sheet.merge_range(0, 0, 0, 2, "临江省台账（截至2026年11月）")
        sheet.write_row(1, 0, ["许可证编号", "企业名称", "有效期至"])
        sheet.write_row(2, 0, ["SC10137990000001", "青枫食品有限公司", "2031年3月1日"])
    found = suggested(run, register)
    assert found["rule"] == "cn-food-production-license"
    assert found["columns"] == {
        "许可证编号": "number",
        "企业名称": "holder",
        "有效期至": "expires_on",
    }


@pytest.mark.usefixtures("installed")
def test_two_columns_of_one_name_are_the_first_question(run: Run, folder: Path) -> None:
    register = folder / "twice.csv"
    register.write_text(
        "Licence No,Licensee,Expiry date,Phone,Phone\nA-1,Elm LLC,2031-01-01,,\n"
    )
    ran = run("import", "--suggest", register)
    assert ran.code == 1
    assert "which column is 'Phone'? Rename the others in the file" in ran.out
    tomllib.loads(ran.out)


@pytest.mark.usefixtures("installed")
def test_to_suggest_and_to_use_a_mapping_exclude_each_other(run: Run) -> None:
    refusal = run("import", "--suggest", REGISTERS[0], "--mapping", EXAMPLE).refusal
    assert "give --suggest or --mapping" in refusal


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("rows", "columns", "states"),
    [
        (
            [
                "受理编号,许可证编号,单位名称,受理日期,办理状态,联系电话",
                "S-1,SC10137990000001,青枫食品厂,2026年9月1日,受理,+12125550101",
                "S-2,SC10137990000002,临江饮品厂,2026年9月2日,已撤回,+12125550102",
                "S-3,SC10137990000003,某某食品厂,2026年9月3日,不予延续,+12125550103",
                "S-4,SC10137990000004,某某糖果厂,2026年9月3日,补正,+12125550104",
            ],
            {
                "许可证编号": "number",
                "受理日期": "renewal_filed_on",
                "办理状态": "status",
            },
            {
                "受理": "filed",
                "已撤回": "withdrawn",
                "不予延续": "refused",
                "补正": "skip",
            },
        ),
        (
            [
                "License No,Licensee,Date Filed,Outcome",
                "A-10001,Maple Foods,2026-09-01,Pending",
                "A-10002,Oak Foods,2026-09-02,Denied",
                "A-10003,Elm Foods,2026-09-04,Tabled",
            ],
            {
                "License No": "number",
                "Date Filed": "renewal_filed_on",
                "Outcome": "status",
            },
            {"Pending": "filed", "Denied": "refused"},
        ),
    ],
)
def test_a_list_of_filed_renewals_is_suggested_as_one(
    run: Run,
    folder: Path,
    rows: list[str],
    columns: dict[str, str],
    states: dict[str, str],
) -> None:
    register = folder / "list.csv"
    register.write_text("\n".join([*rows, ""]), "utf-8")
    ran = run("import", "--suggest", register)
    found = tomllib.loads(ran.out)
    assert (found["lists"], found["columns"]) == ("filed", columns)
    assert found["values"]["status"] == states
    assert "rule" not in found
    assert ran.code == 1
    assert "# - which register has the permits whose renewals these are?" in ran.out
    mapping = folder / "filed.toml"
    mapping.write_text(ran.out, "utf-8")
    assert load_mapping(mapping).lists == "filed"


@pytest.mark.usefixtures("installed")
def test_a_register_that_says_who_has_filed_is_no_list_of_them(
    run: Run, folder: Path
) -> None:
    register = folder / "register.csv"
    rows = [
        f"SC1013799000000{one},青枫食品{one}厂,2026年12月{one}日,2026年9月{one}日"
        for one in range(1, 6)
    ]
    head = "许可证编号,单位名称,有效期至,受理日期"
    register.write_text("\n".join([head, *rows, ""]), "utf-8")
    found = suggested(run, register)
    assert "lists" not in found
    assert found["columns"]["有效期至"] == "expires_on"
