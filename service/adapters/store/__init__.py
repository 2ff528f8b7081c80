"""The database, through SQLAlchemy Core.

One method of a store is one transaction. A store decides nothing: it is handed
decisions as pure functions, and it guards each change by the WHERE of its UPDATE. What
differs between SQLite and PostgreSQL is in `db` alone: docs/postgres.md.
"""
