"""What commands print: tables and paragraphs."""
