"""The server that a ledger is on, and what a change of it puts in doubt."""
