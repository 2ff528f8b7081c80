"""Pure rules of the law and of messages: no I/O, and time is an argument."""
