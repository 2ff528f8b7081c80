"""Tables and paragraphs that several commands print."""
