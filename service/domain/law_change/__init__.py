"""A change of the law: its plan, its impact in figures, and the objections to it."""
