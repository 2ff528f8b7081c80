"""Say what is due now, and when the next reminders fall due."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from service.domain.reports.outlook import Outlook
from service.flow.ports import Clock, LawStore


class OutlookStore(Protocol):
    """Counts what is due, and what is due next."""

    async def outlook(self, now: datetime) -> Outlook:
        """Count the reminders due now, and those of the next instant with any."""


@dataclass(frozen=True, slots=True)
class OutlookDeps:
    """The ports that the outlook needs."""

    law_store: LawStore
    store: OutlookStore
    clock: Clock


async def describe_outlook(deps: OutlookDeps) -> str:
    """Say in a line what is due now and when next, in the time of the office."""
    found = await deps.store.outlook(deps.clock.now())
    if found.next_due is None:
        return found.in_words(ZoneInfo("UTC"))
    law = await deps.law_store.current_law()
    return found.in_words(law.sending_office(found.next_due.authority).zone)
