"""The filters of `GET Messages.json`: To, From and the three kinds of DateSent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

from service.sandbox.messages.messages import Message
from service.sandbox.refusals import RefusedError

_DATES = ("DateSent", "DateSent<", "DateSent>")
FILTER_NAMES = ("To", "From", *_DATES)
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)
_ALL_TIME = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class ListFilters:
    """The filters of one list request; a span includes its start, not its end."""

    to: str | None
    sender: str | None
    spans: tuple[tuple[datetime, datetime], ...]

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Self:
        """Read the query; raises RefusedError for an invalid date.

        `DateSent` is a day in UTC, even if Twilio's SDK adds midnight to it.
        `DateSent<` and `DateSent>` include the day or second that they name.
        """
        return cls(
            to=query.get("To") or None,
            sender=query.get("From") or None,
            spans=tuple(_span(name, query[name]) for name in _DATES if query.get(name)),
        )

    def matches(self, message: Message, now: datetime) -> bool:
        """Whether to list a message; an unsent message matches no date filter."""
        sent = message.sent_at
        return (
            not message.deleted
            and message.listed_at <= now
            and self.to in {None, message.to}
            and self.sender in {None, message.sender}
            and all(sent and start <= sent < end for start, end in self.spans)
        )


def _span(name: str, found: str) -> tuple[datetime, datetime]:
    try:
        at = datetime.fromisoformat(found)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        if name == "DateSent":
            at = at.replace(hour=0, minute=0, second=0)
        whole_day = name == "DateSent" or len(found) == len("2024-01-29")
        end = at + (_DAY if whole_day else _SECOND)
        return (
            _ALL_TIME[0] if name == "DateSent<" else at,
            _ALL_TIME[1] if name == "DateSent>" else end,
        )
    except (ValueError, OverflowError) as unreadable:
        raise RefusedError(20001, f"{name}={found}") from unreadable
