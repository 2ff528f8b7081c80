from pathlib import Path

import pytest

from service.flow.permits import import_register
from tests.cli.commands import CMA, COLUMNS, FOOD, Run, sql, write


def permit(number: int, expires_on: str = "2024-06-28", phone: int = 100) -> str:
    return f"{CMA},A-{number},A,{expires_on},+1212555{phone:04}"


def stored(folder: Path) -> int:
    return int(sql(folder, "SELECT count(*) FROM permits")[0][0])


def test_an_expiry_in_a_closed_window_is_a_warning(run: Run, office: Path) -> None:
    rows = [permit(1), permit(2, "2024-02-20"), permit(3, "2024-02-20")]
    counts, warning = run(
        "import", write(office / "permits.csv", *rows)
    ).imported.splitlines()
    assert counts == "3 registered"
    assert warning == (
        "warning: 2 active permits can no longer be renewed in time, as the window"
        " has closed: is the date right? See rows 3, 4"
    )


def test_a_register_that_shrank_by_a_fifth_is_a_warning(run: Run, office: Path) -> None:
    register = office / "permits.csv"
    run("import", write(register, *map(permit, range(10)), permit(11, "someday")))
    mended = office / "permits.csv.rejects.csv"
    mended.write_text(
        mended.read_text("utf-8-sig").replace("someday", "2024-06-28"), "utf-8-sig"
    )
    assert run("import", mended).imported == "1 registered\n"
    _, warning = run(
        "import", write(register, *map(permit, range(8)))
    ).imported.splitlines()
    assert warning == (
        "warning: 8 rows, and 11 at the last load of this register: is the export"
        " complete?"
    )
    counts = run("import", write(register, *map(permit, range(7)))).imported
    assert counts == "7 unchanged\n"


def test_rejected_rows_are_no_load_of_their_register_whatever_their_file_is_called(
    run: Run, office: Path
) -> None:
    columns = "".join(f'{name} = "{name}"\n' for name in COLUMNS)
    mapping = office / "city.toml"
    mapping.write_text(f'source = "city"\n[columns]\n{columns}', "utf-8")
    register = office / "permits.csv"
    rows = [*map(permit, range(10)), permit(11, "someday")]
    run("import", write(register, *rows), "--mapping", mapping)
    mended = (office / "permits.csv.rejects.csv").rename(office / "mended.csv")
    text = mended.read_text("utf-8-sig").replace("someday", "2024-06-28")
    mended.write_text(text, "utf-8-sig")
    assert run("import", mended, "--mapping", mapping).imported == "1 registered\n"
    smaller = write(register, *map(permit, range(8)))
    assert "11 at the last load" in run("import", smaller, "--mapping", mapping).out


def test_a_wrong_holder_code_is_a_warning_and_stored(run: Run, office: Path) -> None:
    codes = ("91990000MA0001000F", "91990000MA0001000G", "NY-1")
    rows = [f"{permit(at)},{code}" for at, code in enumerate(codes)]
    header = ",".join([*COLUMNS, "holder_code"])
    register = write(office / "permits.csv", *rows, header=header)
    counts, warning = run("import", register).imported.splitlines()
    assert counts == "3 registered"
    assert warning == (
        "warning: 1 holder code has a wrong check character: is it mistyped? See row 3"
    )


def test_whose_phone_takes_no_texts_is_a_warning_and_explain_says_who_is_texted(
    run: Run, office: Path
) -> None:
    fields = "".join(f'{name} = "{name}"\n' for name in COLUMNS)
    mapping = office / "city.toml"
    mapping.write_text(
        f'[columns]\n{fields}"经办人电话" = "phones"\n"区划" = "district"\n'
        '[roles]\nphones = "representative"\n"经办人电话" = "agent"\n',
        "utf-8",
    )
    row = f"{CMA},A-1,A,2024-06-28,010-12345678,+12125550142,东城"
    register = write(
        office / "permits.csv", row, header=",".join([*COLUMNS, "经办人电话,区划"])
    )
    answer = run("import", register, "--mapping", mapping)
    counts, *warnings = answer.imported.splitlines()
    assert counts == "1 registered"
    assert [one[:40] for one in warnings] == [
        "warning: 1 × the district is not six dig",
        "warning: 1 × the representative's phone ",
    ]
    lines = run("explain", "--permit", "A-1").out.splitlines()
    assert [one for one in lines if "phone" in one] == [
        "  phone of the representative: +8610****5678 (fixed)",
        "  phone of the agent: +1212***0142 (mobile), which is texted",
    ]


def test_a_phone_of_a_hundred_permits_is_a_warning(run: Run, office: Path) -> None:
    rows = [*map(permit, range(100)), permit(101, phone=101)]
    _, warning = run(
        "import", write(office / "permits.csv", *rows)
    ).imported.splitlines()
    assert warning == (
        "warning: 100 permits have the phone +1212***0100: is it their holder's?"
        " See rows 2, 3, 4 …"
    )


@pytest.mark.parametrize("wrong", ["someday", "1999-01-01"])
def test_with_strict_one_rejected_row_keeps_all_out(
    wrong: str, run: Run, office: Path
) -> None:
    register = office / "permits.csv"
    rows = [permit(number) for number in range(600)]
    answer = run("import", write(register, *rows, permit(601, wrong)), "--strict")
    first, *reasons, files, last = answer.out.splitlines()[1:]
    assert first == "600 registered, 1 rejected"
    assert [one.partition(":")[0] for one in reasons if "×" in one] == [
        "1 × expires_on"
    ]
    assert ".rejects.csv" in files
    assert last == "nothing is stored, because of --strict"
    assert (answer.code, stored(office)) == (3, 0)
    answer = run("import", write(register, *rows), "--strict")
    assert (answer.code, stored(office)) == (0, 600)
    assert answer.out.splitlines()[1] == "600 registered"


def test_a_row_that_the_trial_of_strict_missed_is_said_with_exit_code_3(
    run: Run, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_register, "CHUNK", 1)
    rows = [
        f"{FOOD},1,A,2024-06-28,+12125550101,",
        f"{CMA},2,B,2024-06-28,+12125550101,1",  # replaces that of another holder
    ]
    header = "rule,number,holder,expires_on,phones,replaces"
    register = write(office / "permits.csv", *rows, header=header)
    answer = run("import", register, "--strict")
    assert answer.out.splitlines()[1] == "1 registered, 1 rejected"
    assert answer.out.splitlines()[-1] == (
        "the other rows are stored despite --strict: its trial missed this"
    )
    assert (answer.code, stored(office)) == (3, 1)
