"""An accepted message on its way to its last status."""
