"""The volume guard: whether a day has far more reminders than expected.

Registers go wrong in bulk: one import with the years shifted makes a thousand reminders
due at once. Therefore the forecast of a day is stored in advance, and a later import
cannot raise it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

GUARD_NAME: Final = "volume guard"
"""The author of pauses that the volume guard makes."""

MAX_TIMES_FORECAST: Final = 3
"""A day with more reminders than its forecast times this is held until confirmed."""

NEVER_HELD_UP_TO: Final = 50
"""Reminders a day that are never held. In a small office the forecast is often zero,
and a person can check fifty texts in minutes."""

FREEZE_AHEAD: Final = timedelta(days=7)
"""How far ahead forecasts are stored. A service that was down for less still finds
them; and an import of today cannot change a forecast that is a week old."""


@dataclass(frozen=True, slots=True)
class DayOpening:
    """An office's reminders at the start of a day, before any is created in it.

    `due` counts the reminders of slots that fall due today or later, by day. `overdue`
    counts those that fell due on earlier days while no process ran, and are still
    current, by day. `carried_over` counts those that an earlier day allowed and did not
    send.
    """

    due: Mapping[date, int]
    overdue: Mapping[date, int]
    carried_over: int


def forecast_today(
    today: date,
    frozen_forecasts: Mapping[date, int],
    last_opened_on: date | None,
    opening: DayOpening,
) -> int:
    """How many reminders are expected today, with those left from earlier days.

    `frozen_forecasts` were stored on former days, `last_opened_on` is the latest day on
    which the office's day was opened. A day without a stored forecast (the very first,
    or the first after an approved change) takes what the registers say now.
    """
    if today not in frozen_forecasts or last_opened_on is None:
        created = opening.due.get(today, 0) + sum(opening.overdue.values())
        return created + opening.carried_over
    missed = sum(
        min(count, frozen_forecasts.get(day, count))
        for day, count in opening.overdue.items()
        if day >= last_opened_on
    )
    return frozen_forecasts[today] + missed + opening.carried_over


def allowed(forecast: int) -> int:
    """How many reminders a day may have without confirmation."""
    return max(MAX_TIMES_FORECAST * forecast, NEVER_HELD_UP_TO)


def day_held_reason(reminders: int, forecast: int, office: str) -> str:
    """Why an office's day is held, with the command that confirms it."""
    over = (
        f"more than {MAX_TIMES_FORECAST} times"
        if MAX_TIMES_FORECAST * forecast >= NEVER_HELD_UP_TO
        else f"above {NEVER_HELD_UP_TO}"
    )
    return (
        f"{reminders:,} reminders today, forecast {forecast:,}: {over}; "
        f"`permit-reminders resume office:{office}` confirms them"
    )
