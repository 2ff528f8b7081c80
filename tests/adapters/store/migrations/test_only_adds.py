"""A migration only adds, so that processes of the release before go on meanwhile.

docs/upgrades.md says what that means, and how a migration that does more is released.
"""

import ast
from pathlib import Path
from typing import Any, Final

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect

from service.adapters.store.db.migrate import alembic_config
from tests.docs.pages import ROOT

FIRST: Final = "0020"
"""The migration of the first release that was upgraded without stopping."""

ESCAPE: Final = "NOT_ONLY_ADDS"
"""A migration has this constant, a reason, if the release before cannot bear it."""

SCRIPTS: Final = {
    script.revision: Path(script.path)
    for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()
    if script.revision > FIRST
}

ADDING: Final = frozenset(
    {"create_table", "create_index", "drop_index", "add_column", "f"}
)
"""What a migration may call of alembic's `op`; `f` names a constraint."""


def constants(script: Path) -> dict[str, Any]:
    """The constants of a migration."""
    tree = ast.parse(script.read_text("utf-8"))
    return {
        one.targets[0].id: one.value.value
        for one in tree.body
        if isinstance(one, ast.Assign)
        and isinstance(one.targets[0], ast.Name)
        and isinstance(one.value, ast.Constant)
    }


def called(script: Path) -> set[str]:
    """What a migration calls of alembic's `op`."""
    return {
        node.func.attr
        for node in ast.walk(ast.parse(script.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "op"
    }


Tables = dict[str, dict[str, Any]]


def tables_at(connection: Connection, revision: str) -> Tables:
    """The tables of a database that is brought to a migration."""
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    return tables_of(connection)


def tables_of(connection: Connection) -> Tables:
    """Every table: its columns, and what its rows must satisfy."""
    inspector = inspect(connection)
    return {
        table: {
            "columns": {
                one["name"]: (str(one["type"]), one["nullable"], one["default"])
                for one in inspector.get_columns(table)
            },
            "rules": (
                inspector.get_pk_constraint(table)["constrained_columns"],
                sorted(map(str, inspector.get_unique_constraints(table))),
                sorted(map(str, inspector.get_check_constraints(table))),
                sorted(map(str, inspector.get_foreign_keys(table))),
                sorted(one["name"] or "" for one in unique(inspector, table)),
            ),
        }
        for table in inspector.get_table_names()
    }


def unique(inspector: Any, table: str) -> list[Any]:  # noqa: ANN401 - SQLAlchemy's
    return [one for one in inspector.get_indexes(table) if one["unique"]]


def refused_by_former(before: Tables, after: Tables) -> list[str]:
    """What a process that knows only the tables before would stumble over."""
    wrong = [f"{table} is gone" for table in before.keys() - after.keys()]
    for table in before.keys() & after.keys():
        old, new = before[table], after[table]
        if old["rules"] != new["rules"]:
            wrong.append(f"{table}: rows must satisfy something else")
        for column, what in old["columns"].items():
            if new["columns"].get(column) != what:
                wrong.append(f"{table}.{column} is gone or something else")
        for column in new["columns"].keys() - old["columns"].keys():
            _, nullable, default = new["columns"][column]
            if not nullable and default is None:
                wrong.append(f"{table}.{column} must be given: nobody gives it yet")
    return sorted(wrong)


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tables]:
    """The tables of each migration from the first on."""
    file = tmp_path_factory.mktemp("history") / "tables.db"
    with create_engine(f"sqlite:///{file}").begin() as connection:
        return {one: tables_at(connection, one) for one in sorted({FIRST, *SCRIPTS})}


@pytest.mark.parametrize("revision", sorted(SCRIPTS))
def test_a_migration_only_adds_or_says_why_not(
    revision: str, history: dict[str, Tables]
) -> None:
    script = SCRIPTS[revision]
    found = constants(script)
    wrong = refused_by_former(history[found["down_revision"]], history[revision])
    wrong += [f"op.{name}()" for name in sorted(called(script) - ADDING)]
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    if not wrong:
        assert ESCAPE not in found
    elif ESCAPE in found:
        assert found[ESCAPE] in changelog, "CHANGELOG.md must say it too"
    else:
        pytest.fail(f"{script.name}: {'; '.join(wrong)}: see docs/upgrades.md")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE facts ADD COLUMN x INTEGER", []),
        ("ALTER TABLE facts ADD COLUMN x INTEGER NOT NULL DEFAULT 0", []),
        ("CREATE TABLE x (id INTEGER PRIMARY KEY)", []),
        ("CREATE INDEX x ON facts (value)", []),
        ("DROP TABLE facts", ["facts is gone"]),
        (
            "ALTER TABLE facts RENAME COLUMN value TO x",
            ["facts.value is gone or something else", "facts.x must be given: "],
        ),
        ("CREATE UNIQUE INDEX x ON facts (value)", ["facts: rows must satisfy"]),
    ],
)
def test_what_is_not_only_added_is_found(change: str, said: list[str]) -> None:
    with create_engine("sqlite://").begin() as connection:
        facts = "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
        connection.exec_driver_sql(facts)
        before = tables_of(connection)
        connection.exec_driver_sql(change)
        found = refused_by_former(before, tables_of(connection))
    assert len(found) == len(said)
    for one, words in zip(found, said, strict=True):
        assert one.startswith(words)
