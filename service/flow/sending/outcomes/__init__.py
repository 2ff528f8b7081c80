"""What became of messages: receipts, answers, unknown outcomes, platform results."""
