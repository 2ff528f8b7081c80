"""Every rule, office and calendar in force, and the version that governs a permit."""
