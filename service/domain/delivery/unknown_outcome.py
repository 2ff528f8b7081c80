"""An unknown outcome: when it is proven, and from when on a person may decide it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from service.domain.delivery.status import MessageState

PERSONS_AFTER: Final = timedelta(hours=24)
"""After the last possible POST. What nobody could prove by then, a person decides: the
provider could not be asked, or lists more or fewer of such texts than we are unsure of.
"""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A message that somebody would decide; instants are the database's.

    `left`: it was proven absent for the second time. `asked_at` is now.
    """

    state: MessageState
    left: bool
    lease_until: datetime
    absent_at: datetime | None
    asked_at: datetime


def proven_from(
    lease_until: datetime,
    absent_at: datetime | None,
    asked_at: datetime,
    patience: timedelta,
) -> datetime:
    """From when on an absence is proof: `patience` after the first, and the last POST.

    A first absence noted at `asked_at` starts the wait.
    """
    return max(lease_until, absent_at or asked_at) + patience


def objection(it: Doubt, patience: timedelta) -> str | None:
    """What speaks against a person's deciding it now, or None."""
    if it.state is MessageState.SENDING:
        return (
            f"is under way; unless it is recorded, unknown from {_at(it.lease_until)}"
        )
    if it.state is not MessageState.UNCERTAIN:
        return f"is {it.state}: only an unknown outcome can be decided"
    persons_from = it.lease_until + PERSONS_AFTER
    if it.left or it.asked_at >= persons_from:
        return None
    proven = proven_from(it.lease_until, it.absent_at, it.asked_at, patience)
    return (
        "is still being settled: an absence from the provider's list decides it at the "
        f"first tick after {_at(proven)}; what is open at {_at(persons_from)} is for a "
        "person to decide"
    )


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


LEFT = "absent again: an operator decides"
"""The provider's list has no such message, twice over, and a second time."""


ASKED_AGAIN = 3600.0
"""Seconds after which the provider is asked once more about what it did not list: by
then a list that lagged may have it."""
