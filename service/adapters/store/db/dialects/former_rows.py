"""Rows of earlier releases, which only SQLite databases can hold."""

from alembic import op


def execute_on_sqlite(statement: str) -> None:
    """Change stored rows in a migration of before 0015.

    Earlier releases knew no PostgreSQL: its tables are empty then.
    """
    if op.get_bind().dialect.name == "sqlite":
        op.execute(statement)
