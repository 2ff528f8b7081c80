"""Instants in the time zone of an office."""

from datetime import datetime
from zoneinfo import ZoneInfo


def format_local_time(instant: datetime, zone: ZoneInfo) -> str:
    """Write an instant with its zone: 2026-09-20 09:30 Asia/Shanghai."""
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"
