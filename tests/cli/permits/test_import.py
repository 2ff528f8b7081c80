from pathlib import Path

import pytest

from tests.cli.commands import CITY, CMA, COLUMNS, NOON, Run, cells, posted, sql, write

GOOD = (
    f"{CMA},240000000001,一号检测,2024-06-28,+12125550101",
    f"{CMA},240000000002,二号检测,2024-06-28,+12125550102",
)


def numbers(folder: Path) -> list[str]:
    found = sql(folder, "SELECT shown_number FROM permits ORDER BY shown_number")
    return [number for (number,) in found]


def test_good_rows_are_imported_and_bad_rows_are_written_back(
    run: Run, office: Path
) -> None:
    register = write(
        office / "permits.csv",
        GOOD[0],
        f"{CMA},240000000003,三号检测,someday,call me",
        "",
        GOOD[1],
        "cn-tea-installation,240000000004,四号茶馆,2024-06-28,",
        f"{CMA},240000000005,五号检测,2019-06-28,+12125550105",
        f"{CMA},,,,",
    )
    counts, *reasons, where = run("import", register).imported.splitlines()
    assert counts == "1 expired, 2 registered, 3 rejected"
    files = f"{register}.rejects.csv and permits.csv.rejects.xlsx"
    assert where == f"the rejected rows, each with its reason: {files}"
    assert [one.partition(":")[0] for one in reasons] == [
        "1 × expires_on",
        "1 × rule",
        "1 × number",
        "1 × holder",
        "1 × expires_on",
    ]
    assert numbers(office) == ["240000000001", "240000000002"]
    rejects = cells(office / "permits.csv.rejects.csv")
    assert [list(one) for one in rejects] == [
        ["line", "reason", "repair", *COLUMNS]
    ] * 3
    assert [one["line"] for one in rejects] == ["3", "6", "8"]
    assert [one["holder"] for one in rejects] == ["三号检测", "四号茶馆", ""]
    dates, rule, empty = (one["reason"] for one in rejects)
    assert dates.startswith("expires_on: found 'someday', expected a date like")
    assert rule.startswith("rule: found cn-tea-installation, expected one of cn-")
    assert [one.partition(":")[0] for one in empty.split("; ")] == [
        "number",
        "holder",
        "expires_on",
    ]


def test_the_same_file_again_changes_nothing(run: Run, office: Path) -> None:
    register = write(office / "permits.csv", *GOOD)
    assert run("import", register).imported == "2 registered\n"
    assert run("import", register).imported == (
        "2 unchanged\nnothing changed: permits.csv was imported before, at "
        "2024-01-28 04:00 UTC\n"
    )
    later = write(
        office / "permits.csv", GOOD[0].replace("2024-06-28", "2030-06-28"), GOOD[1]
    )
    assert run("import", later).imported == "1 changed, 1 unchanged\n"


def test_a_register_with_a_long_file_name_is_named_by_its_beginning(
    run: Run, office: Path
) -> None:
    row = f"{CMA},240000000001,一号检测,2024-06-28,+12125550101"
    assert run("import", write(office / f"{'x' * 200}.csv", row)).code == 0
    [(name,)] = sql(office, "SELECT name FROM registers")
    assert name == "x" * 80


def test_of_two_rows_that_contradict_each_other_neither_is_taken(
    run: Run, office: Path
) -> None:
    other = GOOD[0].replace("2024-06-28", "2024-07-28")
    register = write(office / "permits.csv", *GOOD, GOOD[1], GOOD[1], other)
    assert run("import", register).imported.splitlines()[:1] == [
        "1 registered, 2 rejected, 2 repeated"
    ]
    rejects = cells(office / "permits.csv.rejects.csv")
    agreed = "expected one row, or the same in all rows of a permit"
    assert [(one["line"], one["reason"]) for one in rejects] == [
        ("2", f"number: found other values than line 6, {agreed}"),
        ("6", f"number: found other values than line 2, {agreed}"),
    ]
    assert numbers(office) == ["240000000002"]


def test_an_import_says_how_many_have_no_phone_that_takes_texts(
    run: Run, office: Path
) -> None:
    phones = ("2.12556E+09", "unknown", "", "(888) 555-0144", "+12125550101")
    rows = [f"{CMA},A-{at},A,2024-06-28,{one}" for at, one in enumerate(phones)]
    assert run("import", write(office / "permits.csv", *rows)).imported == (
        "5 registered\n"
        "4 of 5 active permits have no phone that takes texts (1 a fixed line, 1 no"
        " phone, 2 no valid number); once their types are live, `permit-reminders"
        " unreachable list` names them; see rows 2, 3, 4 …\n"
    )


def test_an_unknown_rule_is_answered_once_with_the_nearest(
    run: Run, office: Path
) -> None:
    rows = [f"{CMA}s,24000000000{at},A,2024-06-28,+12125550101" for at in range(3)]
    counts, told, _ = run(
        "import", write(office / "permits.csv", *rows)
    ).imported.splitlines()
    assert counts == "3 rejected"
    assert told.startswith(f"3 × rule: found {CMA}s, expected one of {CMA}")
    assert told.endswith(f'below [values.rule]: "{CMA}s" = "{CMA}"')
    assert told.count("cn-") < 8


def test_what_is_wrong_in_many_rows_is_said_once(run: Run, office: Path) -> None:
    rows = [f"{CMA},{at},A,28.0{at}.2024,+12125550101" for at in range(1, 4)]
    rows.append(f"{CMA},4,A,2024-06-28,+12125550101,x")
    counts, told, row, _ = run(
        "import", write(office / "permits.csv", *rows)
    ).imported.splitlines()
    assert counts == "4 rejected"
    assert told == (
        "3 × expires_on: found '28.01.2024' and others, expected a date like"
        " 2026-12-31, from 1950 to 2200; add to the mapping, below [date_formats]:"
        ' "expires_on" = ["%d.%m.%Y"]'
    )
    assert row.startswith("1 × row: found 6 cells, expected 5")


def test_letters_of_a_phone_are_never_dialled(run: Run, live: Path) -> None:
    phones = ("212-555-XXXX", "212-555-NONE", "1-800-FLOWERS", "Fax 212-555-0142")
    rows = [f'{CMA},A-{at},A,2024-06-28,"{one}"' for at, one in enumerate(phones)]
    extensions = ("212-555-0143, ext. 12", "tel:+1-212-555-0144;ext=12")
    rows += [f'{CMA},B-{at},B,2024-06-28,"{one}"' for at, one in enumerate(extensions)]
    run("import", write(live / "permits.csv", *rows))
    run("tick", "--now", NOON)
    assert posted(live) == []
    assert run("unreachable", "list").answer.count("2024-06-28") == len(rows)


def test_rejects_put_right_are_imported_like_any_register(
    run: Run, office: Path
) -> None:
    bad = f"{CMA},240000000003,=三号检测,28 June 2024,+12125550103"
    worse = f"{CMA},240000000004,四号检测,29 June 2024,+12125550104"
    run("import", write(office / "permits.csv", *GOOD, bad, worse))
    rejects = office / "permits.csv.rejects.csv"
    text = rejects.read_text("utf-8-sig")
    rejects.write_text(text.replace("28 June 2024", "2024-06-28"), "utf-8-sig")
    counts, _, where = run("import", rejects).imported.splitlines()
    assert counts == "1 registered, 1 rejected"
    assert f": {rejects}.rejects.csv and " in where
    holders = sql(office, "SELECT holder FROM permits ORDER BY shown_number")
    assert [one for (one,) in holders] == ["一号检测", "二号检测", "=三号检测"]
    (left,) = cells(office / "permits.csv.rejects.csv.rejects.csv")
    assert list(left) == ["line", "reason", "repair", *COLUMNS]
    assert (left["line"], left["expires_on"]) == ("3", "29 June 2024")


def test_rejects_of_another_encoding_are_read_by_the_same_mapping(
    run: Run, office: Path
) -> None:
    mapping = office / "city.toml"
    mapping.write_text(CITY, "utf-8")
    register = office / "register.csv"
    rows = "证书编号,机构名称,有效期至\n1,一号检测,28.06.2024\n2,二号检测,soon\n"
    register.write_text(rows, "gb18030")
    asked = ("--mapping", mapping)
    assert run("import", register, *asked).imported.startswith("1 registered, 1 rej")
    rejects = office / "register.csv.rejects.csv"
    text = rejects.read_text("utf-8-sig")
    assert "expected a date like 2026-12-31, or written %d.%m.%Y" in text
    rejects.write_text(text.replace(",soon", ",29.06.2024"), "utf-8-sig")
    assert run("import", rejects, *asked).imported.startswith("1 registered\n")
    assert sql(office, "SELECT holder, expires_on, register FROM permits") == [
        ("一号检测", "2024-06-28", "city"),
        ("二号检测", "2024-06-29", "city"),
    ]


def test_rows_without_an_end_and_rows_that_words_decide_are_counted_apart(
    run: Run, office: Path
) -> None:
    mapping = office / "city.toml"
    mapping.write_text(
        f"{CITY}'状态' = 'status'\n[values.status]\n'有效' = 'active'\n"
        "'注销' = 'withdraw'\n'草稿' = 'skip'\n'错误' = 'reject'\n",
        "utf-8",
    )
    register = office / "register.csv"
    register.write_text(
        "证书编号,机构名称,有效期至,状态\n1,一,2024年6月28日,有效\n2,二,长期,有效\n"
        "3,三,28.06.2024,草稿\n4,四,20240628,错误\n5,五,2024/6/28,注销\n",
        "gb18030",
    )
    first, *lines = run("import", register, "--mapping", mapping).imported.splitlines()
    assert first == (
        "1 inactive, 1 registered, 1 registered (no expiry), 1 rejected, 1 skipped"
    )
    assert lines[:3] == [
        f"1 row: {action}, as the mapping says for 状态: {word}"
        for action, word in [("skip", "草稿"), ("reject", "错误"), ("withdraw", "注销")]
    ]
    explained = run("explain", "--permit", "2")
    assert explained.code == 1
    assert "nothing reminds of a permit without an expiry date" in explained.out


def test_a_withdrawal_needs_no_date_that_can_be_read(run: Run, office: Path) -> None:
    mapping = office / "city.toml"
    mapping.write_text(
        f"{CITY}'状态' = 'status'\n[values.status]\n'有效' = 'active'\n"
        "'注销' = 'withdraw'\n'吊销' = 'withdrawn'\n",
        "utf-8",
    )
    register, header = office / "register.csv", "证书编号,机构名称,有效期至,状态\n"
    active = [f"{at},A,2024-06-28,有效\n" for at in range(1, 5)]
    register.write_text("".join([header, *active]), "gb18030")
    assert run("import", register, "--mapping", mapping).code == 0
    ended = (
        "1,,,注销\n",
        "2,A,soon,注销\n",
        "3,A,soon,吊销\n",
        "9,,,注销\n",
        ",,,注销\n",
    )
    again = ("1,A,2024-06-28,注销\n",)
    contradicting = ("4,A,2024-06-28,有效\n", "4,A,,注销\n")
    rows = "".join([header, *ended, *again, *contradicting])
    register.write_text(rows, "gb18030")
    tried = run("mapping", "check", mapping, register)
    assert f"register.csv:2: withdraws rule {CMA}, number 1" in tried.out
    for outcome in ("changed", "unchanged"):
        answer = run("import", register, "--mapping", mapping).imported
        counts = answer.splitlines()[0].split(", ")
        found = {f"3 {outcome}", "1 inactive", "1 repeated", "3 rejected"}
        assert {*counts} == found
    states = sql(office, "SELECT status, expires_on FROM permits ORDER BY shown_number")
    assert states == [("withdrawn", "2024-06-28")] * 3 + [("active", "2024-06-28")]


def test_a_holder_without_a_mobile_is_registered_and_not_texted(
    run: Run, live: Path
) -> None:
    register = write(
        live / "permits.csv",
        GOOD[0],
        f"{CMA},240000000003,三号检测,2024-06-28,+1 212 555 0103 ext. 5",
        f"{CMA},240000000004,四号检测,2024-06-28,ask for the manager",
        f"{CMA},240000000005,五号检测,2024-06-28,",
    )
    assert run("import", register).imported.startswith("4 registered\n3 of 4 active ")
    told = run("tick", "--now", NOON).answer
    assert told.startswith("4 reminders created, 1 messages posted, ")
    ends = sql(
        live,
        "SELECT p.shown_number, r.state, r.reason FROM reminders r"
        " JOIN permits p ON p.id = r.permit_id ORDER BY 1",
    )
    assert ends[1:] == [
        ("240000000003", "suppressed", "no mobile number"),
        ("240000000004", "suppressed", "no mobile number"),
        ("240000000005", "suppressed", "no phone number"),
    ]
    assert ends[0][1] in {"sent", "delivered"}
    assert [phone for phone, _ in posted(live)] == ["+12125550101"]
    assert run("audit").answer == "the ledger adds up\n"


def test_rows_may_name_their_office_themselves(
    run: Run, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PERMIT_REMINDERS_AUTHORITY")
    header = "authority,rule,number,holder,expires_on"
    rows = (f"990000,{CMA},1,A,2024-06-28", f",{CMA},2,B,2024-06-28")
    register = write(office / "permits.csv", *rows, header=header)
    assert run("import", register).imported.startswith("1 registered, 1 rejected\n")
    (reject,) = cells(office / "permits.csv.rejects.csv")
    assert reject["reason"] == (
        "authority: found nothing, expected the code of an office, or a default one "
        "in the settings"
    )


def test_an_unknown_default_office_is_an_error_before_the_first_row(
    run: Run, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERMIT_REMINDERS_AUTHORITY", "110000")
    refusal = run("import", write(office / "permits.csv", *GOOD)).refusal
    assert refusal == (
        "permit-reminders: unknown authority '110000'; known: 990000, us-nyc"
    )
    assert numbers(office) == []


@pytest.mark.parametrize(("wrong", "code"), [(1, 0), (2, 3)])
def test_more_than_a_tenth_rejected_is_an_exit_code_of_its_own(
    wrong: int, code: int, run: Run, office: Path
) -> None:
    good = [f"{CMA},A-{at},A,2024-06-28," for at in range(10 - wrong)]
    bad = [f"{CMA},B-{at},A,someday," for at in range(wrong)]
    answer = run("import", write(office / "permits.csv", *good, *bad))
    assert (answer.code, len(numbers(office))) == (code, len(good))
