"""Tests: texts to a clerk's own phone."""
