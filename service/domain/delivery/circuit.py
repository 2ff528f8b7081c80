"""The circuit breaker of a provider: closed, open or half-open; it closes by itself.

An outage is not the fault of a message. After some failed POSTs in a row the circuit
opens: nothing is sent. From time to time one worker probes: it asks the provider a
question, and only if that is answered it POSTs one message (half-open). If the provider
answers the POST, the circuit closes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from service.domain.delivery.outcome import (
    NotPosted,
    Outcome,
    Refused,
    Unknown,
)

MAX_FAILURES: Final = 5
"""Failures in a row that open the circuit."""

FIRST_WAIT: Final = 30.0
"""Seconds from the opening to the first probe; each failed probe doubles the wait."""

LONGEST_WAIT: Final = 600.0
"""Seconds: the doubling ends here, and so does any wait that a provider asks for."""


class CircuitState(StrEnum):
    """Whether messages go to the provider; half-open: one, to see what happens."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class PostEvidence:
    """What some POSTs, in the order of their answers, say of the provider.

    `failures` counts those that failed after the last answer. `wait` is the longest
    time, in seconds, that the provider asked to be left alone.
    """

    answered: bool = False
    failures: int = 0
    reason: str | None = None
    wait: float = 0.0

    @classmethod
    def of(cls, outcomes: Iterable[tuple[Outcome, bool]]) -> Self:
        """The evidence of outcomes, each with whether its POST ran alone."""
        evidence = cls()
        for outcome, ran_alone in outcomes:
            evidence = evidence.after(outcome, ran_alone=ran_alone)
        return evidence

    def after(self, outcome: Outcome, *, ran_alone: bool) -> Self:
        """The evidence with one more outcome.

        A provider that refuses a POST as one too many is up; but if that POST ran
        alone, then it takes nothing at all.
        """
        match outcome:
            case NotPosted():
                return self
            case Unknown():
                return self._after_failure(outcome.reason)
            case Refused(over_concurrency=True):
                wait = max(self.wait, outcome.retry_after or 0.0)
                failures = self.failures + ran_alone
                reason = outcome.reason if ran_alone else self.reason
                return replace(self, wait=wait, failures=failures, reason=reason)
            case Refused(is_outage=True):
                return self._after_failure(outcome.reason)
            case _:
                return type(self)(answered=True, wait=self.wait)

    def _after_failure(self, reason: str) -> Self:
        return replace(self, failures=self.failures + 1, reason=reason)


@dataclass(frozen=True, slots=True)
class Circuit:
    """The circuit of one provider.

    `generation` changes whenever the circuit opens, is probed or closes: what a POST
    that was begun before says of the provider is out of date. `wait_seconds` is the
    time from one probe to the next, and `first_wait` its shortest. `reason` says why it
    opened.
    """

    state: CircuitState = CircuitState.CLOSED
    generation: int = 0
    failures: int = 0
    reason: str | None = None
    wait_seconds: float = FIRST_WAIT
    first_wait: float = FIRST_WAIT

    @property
    def longest_wait(self) -> float:
        """Seconds: the doubling ends here."""
        return self.first_wait * LONGEST_WAIT / FIRST_WAIT

    @property
    def is_closed(self) -> bool:
        """Whether messages may be sent as usual."""
        return self.state is CircuitState.CLOSED

    def after_posts(self, evidence: PostEvidence) -> Self:
        """The circuit after POSTs that were begun in its generation."""
        if not self.is_closed:
            return self._after_probe(evidence)
        failures = evidence.failures
        if not evidence.answered:
            failures += self.failures
        if failures >= MAX_FAILURES:
            return self._opened(f"{failures} in a row: {evidence.reason}", evidence)
        if evidence.wait > self.first_wait:
            return self._opened(f"asks to wait {evidence.wait:.0f} s", evidence)
        return replace(self, failures=failures)

    def _after_probe(self, evidence: PostEvidence) -> Self:
        if evidence.failures or evidence.wait:
            return self.after_failed_probe()
        return self.closed() if evidence.answered else self

    def _opened(self, reason: str, evidence: PostEvidence) -> Self:
        wait = min(max(self.first_wait, evidence.wait), self.longest_wait)
        return replace(
            self,
            state=CircuitState.OPEN,
            generation=self.generation + 1,
            failures=0,
            reason=reason,
            wait_seconds=wait,
        )

    def half_open(self) -> Self:
        """The circuit after a question that the provider answered."""
        return replace(self, state=CircuitState.HALF_OPEN)

    def after_failed_probe(self) -> Self:
        """The circuit after a probe that failed: open, and the wait is doubled."""
        return replace(
            self,
            state=CircuitState.OPEN,
            wait_seconds=min(2 * self.wait_seconds, self.longest_wait),
        )

    def closed(self) -> Self:
        """The circuit once the provider answers again."""
        return replace(
            self,
            state=CircuitState.CLOSED,
            generation=self.generation + 1,
            failures=0,
            reason=None,
            wait_seconds=self.first_wait,
        )


@dataclass(frozen=True, slots=True)
class Outage:
    """A provider that is out; instants are on the database's clock.

    `probe_at` is the earliest instant of the next probe.
    """

    provider: str
    reason: str
    since: datetime
    probe_at: datetime | None

    def __str__(self) -> str:
        tried = f"; next probe at {self.probe_at:%H:%M:%S} UTC" if self.probe_at else ""
        return f"{self.reason}, since {self.since:%Y-%m-%d %H:%M:%S} UTC{tried}"
