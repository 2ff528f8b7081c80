"""The outlook: what is due now, and when the next reminders fall due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from service.domain.local_time import format_local_time


@dataclass(frozen=True, slots=True)
class NextDue:
    """The next instant at which reminders fall due, how many, and in which authority.

    Several authorities may have some then; the first by its code is named.
    """

    at: datetime
    authority: str
    reminders: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """The reminders due now, and the next ones; None if nobody has a step to come.

    `paused` names the scopes in which nothing is sent until somebody resumes them.
    """

    due_now: int
    next_due: NextDue | None
    paused: Sequence[str] = ()

    def in_words(self, zone: ZoneInfo) -> str:
        """The line for people; `zone` is that of the next office.

        "nothing until 2024-01-29 09:30 Asia/Shanghai; 107 due then".
        """
        paused = f"; paused: {', '.join(self.paused)}" if self.paused else ""
        return self._due_in_words(zone) + paused

    def _due_in_words(self, zone: ZoneInfo) -> str:
        if self.next_due is None:
            return f"{self.due_now or 'nothing'} due now; nothing to come"
        at = format_local_time(self.next_due.at, zone)
        if self.due_now:
            return f"{self.due_now} due now; {self.next_due.reminders} more at {at}"
        return f"nothing until {at}; {self.next_due.reminders} due then"
