"""Files that people hand over: CSV records, spreadsheet formulas, reading whole."""
