"""SMS and report templates, by Jinja2."""
