"""The volume guard: whether a day has far more reminders than anybody expected.

Registers go wrong in bulk: one import with the years shifted makes a thousand reminders
due at once. What was expected of a day is therefore written down before it comes, and
what arrives late with an import cannot raise it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

GUARD_NAME: Final = "volume guard"
"""Who makes its pauses."""

MAX_TIMES_FORECAST: Final = 3
"""A day of more than so many times its forecast is held until somebody confirms it."""

NEVER_HELD_UP_TO: Final = 50
"""So many reminders a day are never held: in a small office a few permits that come
late are many times nothing, and a person has looked through fifty texts in minutes."""

FREEZE_AHEAD: Final = timedelta(days=7)
"""So far ahead forecasts are written down. A service that was down for less finds
what it had expected; and what was registered a week ago is nobody's slip of today."""


@dataclass(frozen=True, slots=True)
class DayOpening:
    """What there is when an office's day begins, before anything is born in it.

    `falling` are the reminders of slots due on a day, today or later. `unborn` those
    that became due on earlier days, while nothing ran, and are still current; by the
    day. `carried` are those that an earlier day let through and did not send.
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
    """How many reminders today may bring; what earlier days expected comes on top.

    `frozen` are the forecasts written down on former days, the `last` of which that
    day began. Nothing since then can raise them. A day without one, the first or the
    first after an approved change, takes what the registers say.
    """
    if today not in frozen_forecasts or last_opened_on is None:
        born = opening.due.get(today, 0) + sum(opening.overdue.values())
        return born + opening.carried_over
    missed = sum(
        min(count, frozen_forecasts.get(day, count))
        for day, count in opening.overdue.items()
        if day >= last_opened_on
    )
    return frozen_forecasts[today] + missed + opening.carried_over


def allowed(forecast: int) -> int:
    """How many reminders a day may have unconfirmed."""
    return max(MAX_TIMES_FORECAST * forecast, NEVER_HELD_UP_TO)


def day_held_reason(reminders: int, forecast: int, office: str) -> str:
    """Say why an office's day is held, and what lets it go."""
    over = (
        f"more than {MAX_TIMES_FORECAST} times"
        if MAX_TIMES_FORECAST * forecast >= NEVER_HELD_UP_TO
        else f"above {NEVER_HELD_UP_TO}"
    )
    return (
        f"{reminders:,} reminders today, forecast {forecast:,}: {over}; "
        f"`permit-reminders resume office:{office}` confirms them"
    )
