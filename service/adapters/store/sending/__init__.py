"""Claim, record, receive and settle, as transactions."""
