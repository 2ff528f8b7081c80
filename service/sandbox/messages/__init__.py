"""The messages of the sandbox: submitted, stored, listed, and what becomes of them."""
