"""What became of messages: receipts, unknown outcomes, results of an SMS platform."""
