"""The database, through SQLAlchemy Core.

One method of a store is one transaction. A store decides nothing: it is handed
decisions as pure functions, and it guards each change by the WHERE of its UPDATE. The
service opens SQLite files only; what a statement would need on PostgreSQL is written
where it differs, and was never run there.
"""
