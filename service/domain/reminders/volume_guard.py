"""The volume guard: whether a day has far more reminders than anybody expected.

Registers go wrong in bulk: one import with the years shifted makes a thousand reminders
due at once. What was expected of a day is therefore written down before it comes, and
what arrives late with an import cannot raise it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

GUARD: Final = "volume guard"
"""Who makes its pauses."""

TIMES: Final = 3
"""A day of more than so many times its forecast is held until somebody confirms it."""

FLOOR: Final = 50
"""So many reminders a day are never held: in a small office a few permits that come
late are many times nothing, and a person has looked through fifty texts in minutes."""

AHEAD: Final = timedelta(days=7)
"""So far ahead forecasts are written down. A service that was down for less finds
what it had expected; and what was registered a week ago is nobody's slip of today."""


@dataclass(frozen=True, slots=True)
class Dawn:
    """What there is when an office's day begins, before anything is born in it.

    `falling` are the reminders of slots due on a day, today or later. `unborn` those
    that became due on earlier days, while nothing ran, and are still current; by the
    day. `carried` are those that an earlier day let through and did not send.
    """

    falling: Mapping[date, int]
    unborn: Mapping[date, int]
    carried: int


def expected(
    today: date, frozen: Mapping[date, int], last: date | None, dawn: Dawn
) -> int:
    """How many reminders today may bring; what earlier days expected comes on top.

    `frozen` are the forecasts written down on former days, the `last` of which that
    day began. Nothing since then can raise them. A day without one, the first or the
    first after an approved change, takes what the registers say.
    """
    if today not in frozen or last is None:
        born = dawn.falling.get(today, 0) + sum(dawn.unborn.values())
        return born + dawn.carried
    missed = sum(
        min(count, frozen.get(day, count))
        for day, count in dawn.unborn.items()
        if day >= last
    )
    return frozen[today] + missed + dawn.carried


def most(forecast: int) -> int:
    """How many reminders a day may have unconfirmed."""
    return max(TIMES * forecast, FLOOR)


def why_held(reminders: int, forecast: int, office: str) -> str:
    """Say why an office's day is held, and what lets it go."""
    over = f"more than {TIMES} times" if TIMES * forecast >= FLOOR else f"above {FLOOR}"
    return (
        f"{reminders:,} reminders today, forecast {forecast:,}: {over}; "
        f"`permit-reminders resume office:{office}` confirms them"
    )
