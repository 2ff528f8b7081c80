"""The ledger read whole, and queries that must find nothing."""
