"""HTTP in and out: it reads requests, asks the flow, writes answers; no decisions."""
