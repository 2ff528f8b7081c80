"""Providers that send through an office's own SMS platform (`PROVIDER=outbox`)."""
