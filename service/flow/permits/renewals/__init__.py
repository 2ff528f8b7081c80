"""Renewals of permits, as offices list those that were filed."""
