"""The parts of a mapping file."""
