"""How many POSTs may be under way at once: half of them when the provider objects.

Twilio refuses concurrency, not rate (twilio.com/docs/api/errors/20429), and does not
say how much it allows. So the number grows by one for each round that went well and
falls by half for each that did not: additive increase, multiplicative decrease.
"""

import math
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Pace:
    """Between 1 and `most` at once; instants are seconds on a clock that never stops.

    Make one with `Pace.of(most)`: it starts at the most.
    """

    most: int
    width: float
    fell_at: float = -math.inf
    opens_at: float = -math.inf

    @classmethod
    def of(cls, most: int) -> Self:
        """The pace before anybody objected."""
        return cls(most, most)

    def room(self, now: float) -> int:
        """How many may be under way; none until a wait that was asked for is over."""
        return int(self.width) if now >= self.opens_at else 0

    def went_well(self) -> Self:
        """A POST that the provider took: one more at once after a round of such."""
        if self.width == self.most:
            return self
        return replace(self, width=min(float(self.most), self.width + 1 / self.width))

    def crowded(self, begun_at: float, now: float, wait: float = 0.0) -> Self:
        """A POST refused as one too many; `wait` is in seconds, as the provider asks.

        Those that were under way when the number fell are refused as well and tell
        nothing new: only one begun since then lowers it again.
        """
        waiting = replace(self, opens_at=max(self.opens_at, now + wait))
        if begun_at <= self.fell_at:
            return waiting
        return replace(waiting, width=max(1.0, self.width / 2), fell_at=now)
