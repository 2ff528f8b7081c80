"""An office: its status, its templates, and going live."""
