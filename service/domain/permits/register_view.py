"""Views: how the permits of a register are read from a view or table of a database."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Self

_FUTURE: Final = timedelta(days=1)
"""More than any zone is ahead of UTC: a later instant is a mistake of its row."""

_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d|$)")

_SEPARATOR: Final = slice(10, 11)
"""What stands between the day and the time of a text."""

_SHAPE: Final = "%H:%M:%S"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterView:
    """A view or table `name` of the database whose address is in a variable.

    With `changed_at`, a column of instants, only rows that have changed are read again,
    and those of `overlap_minutes` before. `timeout` is in seconds, for the connection
    and for each thousand rows. A worker reads it all `every_minutes`; None: never.
    """

    database_env: str
    name: str
    changed_at: str | None = None
    overlap_minutes: int = 60
    timeout: float = 60.0
    every_minutes: int | None = None

    def since(self, mark: "HighWaterMark") -> datetime | str:
        """From when rows are read again, as a value of the column `changed_at`."""
        return mark.before(timedelta(minutes=self.overlap_minutes))


@dataclass(frozen=True, slots=True)
class HighWaterMark:
    """The newest instant that a reading found: a driver's, or an ISO text of a row."""

    value: datetime | str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The mark of its text."""
        kind, _, value = text.partition(" ")
        return cls(datetime.fromisoformat(value) if kind == "instant" else value)

    def __str__(self) -> str:
        if isinstance(self.value, str):
            return f"text {self.value}"
        return f"instant {self.value.isoformat()}"

    def before(self, overlap: timedelta) -> datetime | str:
        """A value that is so much earlier, and sorts before all that follow it.

        Of a text it has no fraction and no zone: so it sorts first among its second.
        """
        if isinstance(self.value, datetime):
            return self.value - overlap
        earlier = datetime.fromisoformat(self.value) - overlap
        day, separator = earlier.date().isoformat(), self.value[_SEPARATOR]
        return f"{day}{separator}{earlier.strftime(_SHAPE)}" if separator else day


def find_mark(
    newest: HighWaterMark | None, value: object, now: datetime
) -> HighWaterMark | None:
    """The later one; raises `ValueError` or `TypeError` for what is no instant.

    So it does where texts differ in what they have before the time: they would not be
    sorted by time, and rows would never be read again.
    An instant still to come counts for none: rows that change before it would never be
    read. None is the value of a row that says nothing.
    """
    if value is None:
        return newest
    if isinstance(value, str) and not _ISO.match(value):
        raise ValueError
    if not isinstance(value, datetime | str):
        raise TypeError
    if isinstance(value, str) and newest and isinstance(newest.value, str):
        separators = {value[_SEPARATOR], newest.value[_SEPARATOR]} - {""}
        if len(separators) > 1:
            raise ValueError
    instant = datetime.fromisoformat(value) if isinstance(value, str) else value
    known = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    if known > now + _FUTURE:
        return newest
    if newest is None or value > newest.value:  # type: ignore[operator] # one column
        return HighWaterMark(value)
    return newest
