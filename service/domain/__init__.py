"""What the law and the message say: pure, with time as an argument."""
