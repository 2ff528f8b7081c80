"""The answer to a request that changes the law."""
