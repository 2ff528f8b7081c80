"""The routes of /v1/failover."""
