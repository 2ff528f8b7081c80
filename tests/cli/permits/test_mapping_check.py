from pathlib import Path

import pytest

from tests.cli.commands import CITY, CMA, Run

REGISTER = f"""rule,number,holder,expires_on,phones
{CMA},A-1,青枫检测有限公司,2031-06-28,+12125550142
{CMA},A-2,云溪检测有限公司,someday,
{CMA},A-3,白榆检测有限公司,长期,
"""
MAPPING = """
authority = "990000"
[columns]
rule = "rule"
number = "number"
holder = "holder"
expires_on = "expires_on"
phones = "phones"
"""


@pytest.fixture
def mapping(folder: Path) -> Path:
    file = folder / "mapping.toml"
    file.write_text(MAPPING, "utf-8")
    return file


@pytest.mark.usefixtures("installed")
def test_a_right_mapping_has_no_mistakes(run: Run, mapping: Path) -> None:
    assert run("mapping", "check", mapping).answer == "no mistakes\n"


@pytest.mark.usefixtures("installed")
def test_all_mistakes_of_a_mapping_are_said(run: Run, mapping: Path) -> None:
    mapping.write_text('colour = "red"\n[columns]\nno = "number"\n', "utf-8")
    refusal = run("mapping", "check", mapping).refusal
    assert "colour" in refusal
    assert "nothing for holder" in refusal


@pytest.mark.usefixtures("installed")
def test_a_rule_that_is_not_installed_is_a_mistake(run: Run, mapping: Path) -> None:
    mapping.write_text(CITY.replace(CMA, "cn-tea-license"), "utf-8")
    assert "cn-tea-license" in run("mapping", "check", mapping).refusal


@pytest.mark.usefixtures("installed")
def test_the_first_rows_are_shown_as_what_they_would_become(
    run: Run, mapping: Path, folder: Path
) -> None:
    register = folder / "city.csv"
    register.write_text(REGISTER, "utf-8")
    ran = run("mapping", "check", mapping, register)
    assert ran.code == 1
    form, first, second, third, last = ran.out.splitlines()
    assert form == "read as comma-separated UTF-8, header in line 1"
    assert first == (
        f"city.csv:2: authority 990000, rule {CMA}, number A-1, "
        "holder 青枫检测有限公司, expires_on 2031-06-28, phones +1212***0142, "
        "status active"
    )
    assert second.startswith("city.csv:3: expires_on: found 'someday'")
    assert "holder 白榆检测有限公司, expires_on no expiry, " in third
    assert last == "1 of the first 3 rows would be rejected"
