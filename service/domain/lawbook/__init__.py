"""Every rule, office and calendar in force, and which version dates a permit."""
