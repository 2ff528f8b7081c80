"""The port of filed renewals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.domain.errors import InvalidError
from service.domain.permits.filing import Filing
from service.flow.permits.import_record import ChunkNote


@dataclass(frozen=True, slots=True)
class KeyedFiling:
    """A filed renewal, with the number keys that its permit may have."""

    filing: Filing
    number_keys: tuple[str, str]


class FilingStore(Protocol):
    """Stores filed renewals, and lets the reminders of their permits follow."""

    async def file(
        self,
        filings: Sequence[KeyedFiling],
        register: str,
        now: datetime,
        term_days: Mapping[str, int],
        todays: Mapping[str, date],
        *,
        note: ChunkNote | None = None,
    ) -> list[str | InvalidError]:
        """Store a chunk in one transaction; the outcome of each, in order.

        `term_days` has the days of the shortest term of each rule, `todays` the local
        day of each office. Outcomes: a `FilingState`, "unchanged", `EARLIER_TERM`, or
        the mistake of one that is filed in the future, or whose number no permit of the
        register has, or several have. Ends due reminders of who has
        filed, and creates or reopens the current ones of a filing that is withdrawn or
        refused.
        """
