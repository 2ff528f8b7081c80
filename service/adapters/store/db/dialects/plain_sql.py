"""Statements written as SQL: what SQLite and PostgreSQL write in different ways.

They are written as for SQLite, with each instant in JSON as `instant[…]`.
"""

import re
from functools import cache
from typing import Final

from sqlalchemy import Dialect, TextClause, text

_INSTANT: Final = re.compile(r"instant\[(.*?)\]")
_EXTRACT: Final = re.compile(r"json_extract\((\S+), '\$\.(\w+)'\)")
_EACH: Final = re.compile(r"json_each\(([^\s)]+)\)")


def plain_sql(sql: str, dialect: Dialect) -> TextClause:
    """The statement in the words of a database."""
    return _on_sqlite(sql) if dialect.name == "sqlite" else _on_postgres(sql)


@cache
def _on_sqlite(sql: str) -> TextClause:
    return text(_INSTANT.sub(r"\1", sql))


@cache
def _on_postgres(sql: str) -> TextClause:
    sql = _EXTRACT.sub(r"(\1 ->> '\2')", sql)
    sql = _EACH.sub(r"json_array_elements(CAST(\1 AS JSON))", sql)
    return text(_INSTANT.sub(r"(CAST(\1 AS TIMESTAMP) AT TIME ZONE 'UTC')", sql))
