"""The ledger on SQLAlchemy Core: one statement for SQLite and PostgreSQL alike.

One method of a store is one transaction. What is decided is passed in as a pure
function; what is guarded is guarded by the WHERE of the UPDATE.
"""
