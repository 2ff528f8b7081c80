"""Files and requests read into the types of the domain."""
