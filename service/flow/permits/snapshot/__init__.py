"""Full exports of registers: what they name, and what they lack."""
