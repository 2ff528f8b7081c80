"""A register that is a view of a database."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.commands import CMA, Ran, Run, cells, run_here, sql
from tests.cli.permits.test_drop_folder import load, names

MAPPING = f"""
source = "city-register"
rule = "{CMA}"
date_format = "%d.%m.%Y"
encoding = "gb18030"
header_line = 3
ignore = ["photo"]

[columns]
"编号" = "number"
"单位" = "holder"
"有效期至" = "expires_on"
"电话" = "phones"

[view]
database_env = "REGISTER_DATABASE"
name = "export"
changed_at = "changed"
timeout = 20.0
every_minutes = 1
"""

TABLES = """
CREATE TABLE licences ("编号" TEXT, "单位" TEXT, "有效期至" TEXT, "电话" TEXT,
    photo BLOB, changed TEXT, hidden INTEGER);
CREATE VIEW export AS SELECT "编号", "单位", "有效期至", "电话", photo, changed
    FROM licences WHERE NOT hidden;
"""


ENDLESS = """
DROP VIEW export;
CREATE VIEW export AS
    WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n)
    SELECT licences.* FROM licences, n WHERE i < 0;
"""
"""The view never has a first row."""

ENDING = """
INSERT INTO licences SELECT licences.* FROM licences, (
    WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n LIMIT 3000)
    SELECT i FROM n);
DROP VIEW export;
CREATE VIEW export AS SELECT *, CASE WHEN rowid > 2000
    THEN abs(-9223372036854775808) ELSE 0 END AS extra FROM licences;
"""
"""The view fails after two thousand rows."""


class Register:
    """The database of an office, and the mapping for a view in it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "source.db"
        self.mapping = folder / "registers" / "city.toml"
        self.mapping.parent.mkdir()
        self.mapping.write_text(MAPPING, "utf-8")
        self.do(TABLES)

    def do(self, script: str) -> None:
        with closing(sqlite3.connect(self.file)) as connection:
            connection.executescript(script)

    def put(self, number: int, changed: str, expires_on: str = "28.06.2024") -> None:
        row = (f"{number:012}", "临江检测", expires_on, "+12125550101", b"\0", changed)
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute('DELETE FROM licences WHERE "编号" = ?', row[:1])
            connection.execute("INSERT INTO licences VALUES (?, ?, ?, ?, ?, ?, 0)", row)

    def load(self, *options: str) -> Ran:
        return run_here("import", "--from-view", "--mapping", self.mapping, *options)


@pytest.fixture
def register(office: Path, monkeypatch: pytest.MonkeyPatch) -> Register:
    made = Register(office)
    monkeypatch.setenv("REGISTER_DATABASE", f"sqlite:///{made.file}")
    return made


def numbers(office: Path) -> int:
    return int(sql(office, "SELECT count(*) FROM permits")[0][0])


def test_only_what_has_changed_is_read_again(register: Register, office: Path) -> None:
    for at in range(30):
        register.put(at, f"2024-01-27 10:{at:02}:00")
    register.put(30, "2024-01-27 10:29:00")
    first = register.load().answer
    assert first.startswith("read as view export, whole\n31 registered\n")
    register.put(31, "2024-01-27 10:29:00")  # as late as the newest, committed after
    register.put(32, "2024-01-27 08:00:00")  # longer before it than the overlap
    register.put(3, "2024-01-27 11:00:00", "28.06.2025")
    second = register.load().answer
    assert second == (
        "read as view export, changed since 2024-01-27 09:29:00\n"
        "1 changed, 1 registered, 30 unchanged\n"
    )
    marks = sql(office, "SELECT file, mark, state FROM imports ORDER BY id")
    assert marks == [
        ("export", "text 2024-01-27 10:29:00", "done"),
        ("export", "text 2024-01-27 11:00:00", "done"),
    ]
    # Another mapping may read other columns: all rows are read.
    register.mapping.write_text(MAPPING.replace("photo", "ph*"), "utf-8")
    assert register.load().answer.startswith("read as view export, whole\n1 registered")


def test_a_full_reading_withdraws_what_the_view_lacks(
    register: Register, office: Path
) -> None:
    register.mapping.write_text(f"snapshot = {{}}\n{MAPPING}", "utf-8")
    for at in range(5):
        register.put(at, "2024-01-27 10:00:00")
    assert register.load().code == 0
    register.do("UPDATE licences SET hidden = 1 WHERE \"编号\" = '000000000003'")
    answer = register.load("--snapshot").answer
    assert answer.startswith(
        "read as view export, whole\n1 absent from register, 4 unch"
    )
    assert numbers(office) == 5


def test_a_whole_reading_is_compared_with_whole_ones_only(register: Register) -> None:
    for number in range(10):
        register.put(number, "2024-01-20 10:00:00")
    assert register.load().code == 0
    register.put(0, "2024-01-25 12:00:00", "29.06.2024")
    assert "changed since" in register.load().out
    register.do("DELETE FROM licences WHERE rowid > 4")
    register.mapping.write_text(f"{MAPPING}\n", "utf-8")  # so all is read again
    read = register.load().out
    assert ", whole" in read
    assert "rows, and 10 at the last load of this register" in read


def test_rejected_rows_come_back_and_a_trial_stores_nothing(
    register: Register, office: Path
) -> None:
    register.put(1, "2024-01-27 10:00:00")
    register.put(2, "2024-01-27 10:00:00", "soon")
    tried = register.load("--dry-run")
    assert (tried.code, numbers(office)) == (3, 0)
    assert sql(office, "SELECT count(*) FROM imports") == [(0,)]
    assert register.load().code == 3
    (rejected,) = cells(register.mapping.with_name("city.toml.rejects.csv"))
    assert rejected["编号"] == "000000000002"
    assert "changed" not in rejected
    mended = office / "mended.csv"
    mended.write_text(
        register.mapping.with_name("city.toml.rejects.csv")
        .read_text("utf-8-sig")
        .replace("soon", "28.06.2024"),
        "utf-8",
    )
    whole = MAPPING.replace('encoding = "gb18030"\nheader_line = 3', "")
    register.mapping.write_text(whole, "utf-8")
    assert run_here("import", mended, "--mapping", register.mapping).code == 0
    assert numbers(office) == 2


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("DROP VIEW export", "no such view or table"),
        ("ALTER TABLE licences RENAME COLUMN changed TO modified", "no column changed"),
        (
            "DROP VIEW export; CREATE VIEW export AS SELECT *, 1 extra FROM licences",
            "extra: found an unknown column",
        ),
        (
            'ALTER TABLE licences RENAME COLUMN "电话" TO "手机"',
            "电话: found no such column",
        ),
        ("UPDATE licences SET changed = 17", "changed has values that are no instants"),
        (ENDLESS, "no answer within 0.1 seconds"),
        (ENDING, "OperationalError"),
        ("DELETE FROM licences", "found no rows"),
    ],
)
def test_a_view_that_cannot_be_read_changes_nothing(
    script: str, said: str, *, register: Register, office: Path
) -> None:
    register.put(1, "2024-01-27 10:00:00")
    register.do(script)
    if "0.1" in said:
        short = MAPPING.replace("timeout = 20.0", "timeout = 0.1")
        register.mapping.write_text(short, "utf-8")
    refused = register.load()
    assert said in refused.refusal
    assert "source.db" not in refused.err
    assert numbers(office) == 0
    assert sql(office, "SELECT count(*) FROM imports") == [(0,)]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "REGISTER_DATABASE: ArgumentError"),
        ("nonsense://anna:secret@db/x", "REGISTER_DATABASE: NoSuchModuleError"),
        ("sqlite:////nowhere/secret.db", "OperationalError"),
        ("postgresql://anna:p@ss:secret@db/x", "REGISTER_DATABASE: ValueError"),
    ],
)
def test_an_address_is_named_by_its_variable_only(
    address: str, said: str, *, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTER_DATABASE", address)
    refused = register.load()
    assert said in refused.refusal
    assert "secret" not in refused.err
    assert "anna" not in refused.err


def test_a_view_is_only_read(register: Register, office: Path) -> None:
    register.put(1, "2024-01-27 10:00:00")
    before = register.file.read_bytes()
    register.file.chmod(0o444)
    assert register.load().code == 0
    assert register.file.read_bytes() == before
    assert sorted(path.name for path in office.glob("source*")) == ["source.db"]


def test_options_that_belong_to_files_are_refused(register: Register, run: Run) -> None:
    assert "give --from-view or --resume" in register.load("--resume").err
    assert "give --from-view or FILE" in register.load(str(register.file)).err
    assert "name a --mapping" in run("import", "--from-view").err
    assert "Missing argument 'FILE'" in run("import").err
    view = MAPPING[MAPPING.index("[view]") :]
    register.mapping.write_text(MAPPING.replace(view, ""), "utf-8")
    assert "view: found nothing" in register.load().refusal


def test_a_worker_reads_a_view_when_it_is_due(register: Register, office: Path) -> None:
    city = register.mapping.with_suffix("")
    register.put(1, "2024-01-27 10:00:00")
    city.mkdir()
    for name in ("done", "rejected", "loading", "loading/.report"):
        (city / name).mkdir()
    assert load(city) == (0, "city: export is in done, with exit code 0\n")
    assert load(city) == (0, "")  # not due
    assert len(sql(office, "SELECT 1 FROM imports")) == 1
    read_at = (city / "loading" / ".view").stat().st_mtime - 61
    os.utime(city / "loading" / ".view", (read_at, read_at))
    assert load(city) == (0, "")  # the same rows: no second report
    assert len(sql(office, "SELECT 1 FROM imports")) == 2
    assert names(city / "done") == ["export.report.txt"]
    strict = MAPPING + "[worker]\nstrict = true\n"
    register.mapping.write_text(strict, "utf-8")
    register.put(2, "2024-01-27 10:00:00", "soon")
    for said in ("city: export is in rejected, with exit code 3\n", ""):
        os.utime(city / "loading" / ".view", (read_at, read_at))
        assert load(city) == (0, said)
    assert names(city / "rejected") == [
        f"export-2{end}" for end in (".rejects.csv", ".rejects.xlsx", ".report.txt")
    ]
    register.do("DROP VIEW export")
    os.utime(city / "loading" / ".view", (read_at, read_at))
    code, said = load(city)
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("failed: view export of REGISTER_DATABASE: no such view")
