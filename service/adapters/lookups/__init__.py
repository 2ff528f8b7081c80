"""Registers asked about one permit, over HTTP or by a query; no answer is trusted."""
