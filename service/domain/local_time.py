"""Instants as the people of an office read them."""

from datetime import datetime
from zoneinfo import ZoneInfo


def local_time(at: datetime, zone: ZoneInfo) -> str:
    """Say an instant with its zone: 2026-09-20 09:30 Asia/Shanghai."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"
