"""What all tests share: hypothesis judges answers, never how fast they came."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
