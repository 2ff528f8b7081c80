"""What the columns of an unknown register mean, judged by headings and cells."""
