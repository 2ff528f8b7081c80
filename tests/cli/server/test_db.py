import os
import shutil
from pathlib import Path

import pytest

from service.adapters.store.db.migrate import newest_migration
from tests.cli.commands import CMA, ROOT, Run, sql, write
from tests.schedules.catalogue import RULES

URL = "PERMIT_REMINDERS_DATABASE_URL"

SHIPPED = {version.key for rule in RULES.values() for version in rule.versions}


@pytest.fixture
def prepared(shipped: Path) -> Path:
    return shipped


def test_asking_for_the_tables_makes_no_database(run: Run, folder: Path) -> None:
    ran = run("db", "status")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out == f"tables at nothing, this release needs {newest_migration()}\n"
    assert not list(folder.iterdir())


def upgraded(new: int) -> str:
    return f"tables at {newest_migration()}, {new} new rule versions\n"


def test_upgrading_installs_the_shipped_law_once(run: Run, folder: Path) -> None:
    assert run("db", "upgrade").answer == upgraded(len(SHIPPED))
    assert {key for (key,) in sql(folder, "SELECT id FROM versions")} == SHIPPED
    assert {code for (code,) in sql(folder, "SELECT code FROM rules")} == {*RULES}
    assert run("db", "upgrade").answer == upgraded(0)
    told = f"tables at {newest_migration()}, this release needs {newest_migration()}\n"
    assert run("db", "status").answer == told


def test_upgrading_installs_a_rule_that_this_release_brings(
    run: Run, installed: Path
) -> None:
    sql(installed, "DELETE FROM versions WHERE rule = 'cn-inspection-testing-cma'")
    sql(installed, "DELETE FROM rules WHERE code = 'cn-inspection-testing-cma'")
    assert run("db", "upgrade").answer == upgraded(len(RULES[CMA].versions))
    assert {key for (key,) in sql(installed, "SELECT id FROM versions")} == SHIPPED


def test_upgrading_never_touches_a_rule_that_is_installed(
    run: Run, installed: Path
) -> None:
    meddled = """UPDATE rules SET document = json_set(document, '$.validity', '4 years')
        WHERE code = 'cn-food-production-license'"""
    sql(installed, meddled)
    sql(installed, "DELETE FROM versions WHERE id LIKE 'cn-food-production-%@2020-%'")
    before = law_of(installed)
    assert run("db", "upgrade").answer == upgraded(0)
    assert law_of(installed) == before


def test_upgrading_cleans_the_numbers_that_are_stored(run: Run, office: Path) -> None:
    run("import", write(office / "permits.csv", f"{CMA},SC-0001,A,2024-06-28,"))
    sql(office, "UPDATE permits SET number_key = 'SC–0001', shown_number = 'SC–0001'")
    assert run("db", "upgrade").code == 0
    assert sql(office, "SELECT number_key, shown_number FROM permits") == [
        ("SC-0001", "SC-0001")
    ]
    (detail,) = sql(office, "SELECT detail FROM actions WHERE what = 'permit numbers'")
    assert '"changed": 1' in str(detail)


LONG = "0" * 400

OUT_OF_RANGE = (
    """UPDATE authorities SET document = json_set(document, '$.daily_limit', 9000000000,
        '$.messages_per_second', 1e-300, '$.margin_working_days', 61,
        '$.signature.en', hex(zeroblob(200)), '$.helpline', hex(zeroblob(200)))""",
    """UPDATE rules SET document = json_set(document, '$.min_gap_days', 4000,
        '$.validity', hex(zeroblob(200))) WHERE code = 'cn-inspection-testing-cma'""",
    """UPDATE versions SET document = json_set(document,
        '$.in_force_from', '1850-01-01', '$.reference.title', hex(zeroblob(200)),
        '$.steps[0].name', hex(zeroblob(200))) WHERE id = (SELECT min(id)
        FROM versions WHERE rule = 'cn-inspection-testing-cma')""",
    """INSERT INTO calendar_years VALUES ('CN', 2027, json_object('calendar', 'CN',
        'year', 2027, 'published', json('false'), 'source', hex(zeroblob(200)),
        'off', json_array(json_object('day', '2027-03-05', 'name',
        hex(zeroblob(200))))))""",
)
"""Values as releases before the ranges stored them."""


def test_law_that_an_older_release_accepted_stays_readable_and_can_be_corrected(
    run: Run, installed: Path
) -> None:
    for statement in OUT_OF_RANGE:
        sql(installed, statement)
    assert run("db", "upgrade").answer == upgraded(0)
    assert LONG in run("rules", "export", CMA).answer
    assert LONG in run("calendars", "show", "CN", "2027").answer
    right = ROOT / "examples" / "authorities.toml"
    wrong = installed / "wrong.toml"
    offices = right.read_text("utf-8")
    wrong.write_text(offices.replace("zone =", "margin_working_days = 61\nzone ="))
    refusal = run("authorities", "load", wrong).refusal
    assert "found 61, expected a whole number from 0 to 60" in refusal
    assert "2 authorities loaded" in run("authorities", "load", right).answer
    of_offices = sql(installed, "SELECT document FROM authorities")
    assert LONG not in str(of_offices)


def law_of(folder: Path) -> list[tuple[object, ...]]:
    """Every rule and version there is, word by word."""
    versions = sql(folder, "SELECT id, state, document FROM versions ORDER BY id")
    return versions + sql(folder, "SELECT code, document FROM rules ORDER BY code")


@pytest.mark.parametrize(
    "path",
    [
        ("tick",),
        ("serve",),
        ("import", str(ROOT / "examples" / "permits.csv")),
        ("report",),
        ("audit",),
        ("rules", "list"),
        ("keys", "list"),
        ("explain", "--permit", "1"),
    ],
    ids=lambda path: path[0],
)
def test_without_a_database_every_command_says_how_to_make_one(
    path: tuple[str, ...], run: Run, folder: Path
) -> None:
    assert run(*path).refusal == (
        "permit-reminders: permit-reminders.db: no such database; "
        "run `permit-reminders db upgrade`"
    )
    assert not list(folder.iterdir())


def test_a_database_without_tables_says_how_to_make_them(
    run: Run, folder: Path
) -> None:
    (folder / "permit-reminders.db").touch()
    refusal = run("tick").refusal
    assert f"tables at nothing, this release needs {newest_migration()}" in refusal
    assert refusal.endswith("run `permit-reminders db upgrade`")
    assert run("db", "status").code == 1


def test_a_database_of_another_release_is_told_and_left_alone(
    run: Run, installed: Path
) -> None:
    sql(installed, "UPDATE alembic_version SET version_num = '0999'")
    assert "tables at 0999, from a later release" in run("tick").refusal
    assert "later release" in run("db", "upgrade").refusal
    ran = run("db", "status")
    assert ran.code == 1
    assert ran.out == f"tables at 0999, this release needs {newest_migration()}\n"
    assert sql(installed, "SELECT * FROM alembic_version") == [("0999",)]


@pytest.mark.parametrize("path", [("tick",), ("db", "upgrade"), ("db", "status")])
def test_a_file_that_is_no_database_is_named(
    path: tuple[str, ...], run: Run, folder: Path
) -> None:
    file = folder / "permit-reminders.db"
    file.write_text("rule,number,holder\n" * 500)
    refusal = run(*path).refusal
    assert "permit-reminders.db" in refusal
    assert "not a database" in refusal
    assert file.read_text() == "rule,number,holder\n" * 500


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("nowhere/permits.db", "no such folder; make it"),
        (".", "Is a directory; mend it"),
        ("a-file/permits.db", "Not a directory; mend it"),
    ],
)
def test_a_place_where_no_database_can_be_is_named(
    place: str, what: str, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a-file").touch()
    monkeypatch.setenv(URL, f"sqlite:///{place}")
    for path in (("db", "upgrade"), ("tick",), ("db", "status")):
        assert run(*path).refusal == (
            f"permit-reminders: {place}: {what}, or set "
            "PERMIT_REMINDERS_DATABASE_URL to another file"
        )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_rights_is_told(run: Run, folder: Path) -> None:
    folder.chmod(0o500)
    try:
        assert "permit-reminders.db: " in run("db", "upgrade").refusal
    finally:
        folder.chmod(0o700)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everywhere")
def test_a_database_without_rights_is_told(run: Run, installed: Path) -> None:
    (installed / "permit-reminders.db").chmod(0)
    refusal = run("audit").refusal
    assert refusal.startswith(
        "permit-reminders: permit-reminders.db: Permission denied"
    )


def test_a_database_that_cannot_be_written_is_told(run: Run, installed: Path) -> None:
    file = installed / "permit-reminders.db"
    content = bytearray(file.read_bytes())
    content[18] = 3  # sqlite.org/fileformat.html: a write version from the future
    file.write_bytes(content)
    assert run("audit").code == 0
    assert run("pause", "--reason", "test").refusal == (
        "permit-reminders: permit-reminders.db: is read-only (SQLITE_READONLY); make "
        "it and its folder writable for this process: sending goes on by itself"
    )


def test_a_key_that_others_can_read_is_refused(run: Run, installed: Path) -> None:
    key = installed / "permit-reminders.db.key"
    key.chmod(0o640)
    assert run("audit").refusal == (
        f"permit-reminders: {key.name}: others can read this key; "
        f"run chmod 600 {key.name}"
    )


@pytest.mark.parametrize("text", ["", "open sesame", "1:AAAA", "ключ"])
def test_a_file_without_a_key_is_refused(text: str, run: Run, installed: Path) -> None:
    key = installed / "permit-reminders.db.key"
    key.write_text(text, "utf-8")
    assert run("audit").refusal.startswith(f"permit-reminders: {key.name}: ")


def test_another_key_is_refused(
    run: Run, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERMIT_REMINDERS_KEY", "A" * 43 + "=")
    refusal = run("audit").refusal
    assert "begun with another key" in refusal
    assert "PERMIT_REMINDERS_KEY" in refusal
    assert "AAAA" not in refusal
    monkeypatch.delenv("PERMIT_REMINDERS_KEY")
    (installed / "permit-reminders.db.key").unlink()
    refusal = run("audit").refusal
    assert "permit-reminders.db.key" in refusal
    assert "PERMIT_REMINDERS_KEY" in refusal


@pytest.mark.usefixtures("installed")
def test_a_wrong_key_in_the_environment_is_refused_without_telling_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERMIT_REMINDERS_KEY", "open-sesame")
    assert run("audit").refusal == (
        "permit-reminders: PERMIT_REMINDERS_KEY: expected base64 of 32 bytes, "
        "as from openssl rand -base64 32"
    )


def test_copying_takes_a_paused_database_and_leaves_both_paused(
    run: Run, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = f"sqlite:///{installed}/permit-reminders.db", "sqlite:///to.db"
    assert "run `permit-reminders pause" in run("db", "copy", source, target).refusal
    assert not Path("to.db").exists()
    run("pause", "--reason", "moving")
    said = run("db", "copy", source, target).answer
    assert " rows copied, the same on both sides; sending is paused on both\n" in said
    assert "its key is in " in said
    assert "to.db: is not empty" in run("db", "copy", source, target).refusal
    shutil.copy("permit-reminders.db.key", "to.db.key")
    monkeypatch.setenv(URL, target)
    assert run("audit").code == 0
    assert "resumed all" in run("resume").answer


def test_copying_refuses_another_key_and_tables_of_another_release(
    run: Run, installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"sqlite:///{installed}/permit-reminders.db"
    assert "no such database" in run("db", "copy", "sqlite:///no.db", source).refusal
    monkeypatch.setenv("PERMIT_REMINDERS_KEY", "A" * 43 + "=")
    assert "another key" in run("db", "copy", source, "sqlite:///to.db").refusal
    sql(installed, "UPDATE alembic_version SET version_num = '0001'")
    refused = run("db", "copy", source, "sqlite:///to.db").refusal
    assert "run `permit-reminders db upgrade`" in refused


@pytest.mark.parametrize(
    "address", ["to.db", "mysql://u:sesame@h/d", "postgresql://u:sesame@h:port/d", ""]
)
def test_copying_repeats_nothing_of_a_wrong_address(run: Run, address: str) -> None:
    refused = run("db", "copy", "sqlite:///from.db", address).refusal
    assert "expected sqlite:///FILE or postgresql://…" in refused
    assert "sesame" not in refused
