"""What to do when the ledger is on another server than before."""
