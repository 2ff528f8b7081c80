"""Sending in the store: claim, record, receive, settle, pause; each a transaction."""
