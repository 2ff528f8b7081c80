"""The words: template files read by Jinja2."""
