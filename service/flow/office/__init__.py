"""An office: its status, its templates, its trials and going live."""
