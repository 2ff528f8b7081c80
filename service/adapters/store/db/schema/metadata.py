"""The metadata that all tables share, and columns and indexes they have in common."""

from sqlalchemy import Column, Index, MetaData, text

from service.adapters.store.db.types import Id

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def id_column() -> Column[str]:
    """A primary key of our own ids, which sort by the time they were made."""
    return Column("id", Id(), primary_key=True)


def partial_index(name: str, *columns: str, where: str) -> Index:
    """An index of the rows for which `where` holds.

    A query uses it only if it repeats the condition in the same words, without
    parameters.
    """
    condition = text(where)
    return Index(name, *columns, sqlite_where=condition, postgresql_where=condition)
