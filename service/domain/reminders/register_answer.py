"""What a register that is asked before each text last answered about a permit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from service.domain.permits.lookup import Answer
from service.domain.reminders.reasons import (
    NOT_IN_REGISTER,
    REGISTER_FAILED,
    REGISTER_NOT_ASKED,
)

FAILURE_COUNTS_FOR: Final = timedelta(minutes=10)
"""Time after which a register that gave no usable answer is asked again, at most."""

ABSENCE_COUNTS_FOR: Final = timedelta(hours=1)
"""Time after which a register that did not know a permit is asked again, at most."""


@dataclass(frozen=True, slots=True)
class RegisterAnswer:
    """The last answer about a permit, which counts for `fresh_for`.

    Without an `answer` the register was never asked about it. `holds_failures`: a text
    waits if the register gives no usable answer; otherwise it goes out.
    """

    fresh_for: timedelta
    holds_failures: bool
    answer: Answer | None = None
    asked_at: datetime | None = None

    def find_obstacle(self, now: datetime) -> str | None:
        """Why the permit may not be texted at `now`; None if it may."""
        if not self._is_fresh(now):
            return REGISTER_NOT_ASKED
        if self.answer is Answer.NOT_FOUND:
            return NOT_IN_REGISTER
        is_failure = self.answer is Answer.FAILED
        return REGISTER_FAILED if is_failure and self.holds_failures else None

    def _is_fresh(self, now: datetime) -> bool:
        """Whether the answer still counts; one from the future does not."""
        if self.asked_at is None:
            return False
        counts_for = self.fresh_for
        if self.answer is Answer.FAILED:
            counts_for = min(counts_for, FAILURE_COUNTS_FOR)
        if self.answer is Answer.NOT_FOUND:
            counts_for = min(counts_for, ABSENCE_COUNTS_FOR)
        return timedelta(0) <= now - self.asked_at < counts_for
