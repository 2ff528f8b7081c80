"""How many POSTs may be under way at once: half of them when the provider objects.

Twilio refuses concurrency, not rate (twilio.com/docs/api/errors/20429), and does not
say how much it allows. So the number grows by one for each round that went well and
falls by half for each that did not: additive increase, multiplicative decrease.
"""

import math
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class ConcurrencyLimit:
    """Between 1 and `most` at once; instants are seconds on a clock that never stops.

    Make one with `Pace.of(most)`: it starts at the most.
    """

    maximum: int
    current: float
    lowered_at: float = -math.inf
    closed_until: float = -math.inf

    @classmethod
    def start(cls, maximum: int) -> Self:
        """The pace before anybody objected."""
        return cls(maximum, maximum)

    def allowed_at(self, now: float) -> int:
        """How many may be under way; none until a wait that was asked for is over."""
        return int(self.current) if now >= self.closed_until else 0

    def after_success(self) -> Self:
        """A POST that the provider took: one more at once after a round of such."""
        if self.current == self.maximum:
            return self
        return replace(
            self, current=min(float(self.maximum), self.current + 1 / self.current)
        )

    def after_refusal(self, posted_at: float, now: float, wait: float = 0.0) -> Self:
        """A POST refused as one too many; `wait` is in seconds, as the provider asks.

        Those that were under way when the number fell are refused as well and tell
        nothing new: only one begun since then lowers it again.
        """
        waiting = replace(self, closed_until=max(self.closed_until, now + wait))
        if posted_at <= self.lowered_at:
            return waiting
        return replace(waiting, current=max(1.0, self.current / 2), lowered_at=now)
