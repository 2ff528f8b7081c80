from pathlib import Path

import pytest

from tests.cli.commands import CITY, CMA, Run, sql, write


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "file: found nothing, expected a header and rows"),
        (b"rule,number,holder\n", "expires_on: found no such column"),
        (b"rule,number,holder,expires_on,fax\n", "fax: found an unknown column"),
        (b"rule,rule,number,holder,expires_on\n", "rule: found 2 columns of that name"),
        ("规则\nx".encode() + b"\xff", "file: found bytes that are not utf-8"),
        (b"rule,number,holder,expires_on\n\n", "file: found a header and no rows"),
        (b"line,reason\n", "rule: found no such column"),
        (b"reason,rule,number,holder,expires_on\n", "reason: found an unknown column"),
    ],
)
def test_a_wrong_file_is_refused_whole(
    content: bytes, said: str, run: Run, office: Path
) -> None:
    (office / "permits.csv").write_bytes(content)
    refusal = run("import", "permits.csv").refusal
    assert refusal.startswith("permit-reminders: permits.csv:")
    assert said in refusal
    assert not list(office.glob("*.rejects.csv*"))


@pytest.mark.parametrize(
    ("path", "what"),
    [("none.csv", "'none.csv' does not exist"), (".", "'.' is a directory")],
)
def test_a_file_that_is_not_there_is_named(
    path: str, what: str, run: Run, office: Path
) -> None:
    register = write(office / "permits.csv", f"{CMA},1,A,2024-06-28,")
    for asked in ((path,), (register, "--mapping", path)):
        assert what in run("import", *asked).refusal
    assert what in run("authorities", "load", path).refusal
    assert sql(office, "SELECT count(*) FROM permits") == [(0,)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("columns = [", "expected TOML in UTF-8"),
        ("colour = 1\n", "colour: found an unknown key, expected only authority, "),
        ('[columns]\na = "numbr"\n', "numbr"),
        (CITY.replace("gb18030", "klingon"), "klingon"),
    ],
)
def test_a_wrong_mapping_is_refused(
    content: str, said: str, run: Run, office: Path
) -> None:
    mapping = office / "city.toml"
    mapping.write_text(content, "utf-8")
    register = office / "register.csv"
    register.write_text("证书编号,机构名称,有效期至\n1,甲,28.06.2024\n", "gb18030")
    asked = run("import", register, "--mapping", mapping)
    assert asked.refusal.startswith(f"permit-reminders: {mapping}:")
    assert said in asked.refusal


def test_a_mapping_for_an_unknown_rule_is_refused_before_any_row(
    run: Run, office: Path
) -> None:
    mapping, register = office / "city.toml", office / "register.csv"
    mapping.write_text(CITY.replace(CMA, "cn-tea-installation"), "utf-8")
    register.write_text("证书编号,机构名称,有效期至\n1,甲,28.06.2024\n", "gb18030")
    asked = run("import", register, "--mapping", mapping)
    assert asked.refusal.startswith(
        "permit-reminders: unknown rule 'cn-tea-installation'"
    )
    assert not (office / "register.csv.rejects.csv").exists()
