"""The whole ledger read for the audit, and queries that must find nothing."""
