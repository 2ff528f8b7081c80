"""Commands about messages, pauses and the SMS platform."""
