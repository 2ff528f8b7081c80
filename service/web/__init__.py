"""HTTP: it reads requests, calls the flow and writes answers; it decides nothing."""
