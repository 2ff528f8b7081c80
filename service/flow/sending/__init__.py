"""From a due slot to a settled message: expand, claim, post, record, settle."""
