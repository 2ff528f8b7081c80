"""A change of the law: the plan, its impact in figures, and objections to it."""
