"""The outbox: messages leave through an office's own SMS platform."""
