"""Commands that run or maintain an installation."""
