"""The servers that the ledger was on, and the reminders that a change puts in doubt."""
