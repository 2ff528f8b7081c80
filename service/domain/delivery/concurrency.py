"""How many POSTs may run at once: additive increase, multiplicative decrease.

Twilio limits concurrency, not rate (twilio.com/docs/api/errors/20429), and does not say
how much it allows. So the number grows by one after as many successful POSTs, and
halves when the provider refuses a POST as one too many.
"""

import math
from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class ConcurrencyLimit:
    """A limit between 1 and `maximum`; instants are seconds of a monotonic clock.

    Make one with `ConcurrencyLimit.start(maximum)`.
    """

    maximum: int
    current: float
    lowered_at: float = -math.inf
    closed_until: float = -math.inf

    @classmethod
    def start(cls, maximum: int) -> Self:
        """The limit before the provider refused anything: `maximum`."""
        return cls(maximum, maximum)

    def allowed_at(self, now: float) -> int:
        """How many POSTs may run at `now`; 0 until the provider's wait is over."""
        return int(self.current) if now >= self.closed_until else 0

    def after_success(self) -> Self:
        """The limit after an accepted POST: a whole round of them raises it by one."""
        if self.current == self.maximum:
            return self
        return replace(
            self, current=min(float(self.maximum), self.current + 1 / self.current)
        )

    def after_refusal(self, posted_at: float, now: float, wait: float = 0.0) -> Self:
        """The limit after a POST was refused as one too many.

        `wait` is how many seconds the provider asks to wait. POSTs that already ran
        when the limit was lowered are likely to be refused too, so only the refusal of
        a POST begun since then lowers it again.
        """
        waiting = replace(self, closed_until=max(self.closed_until, now + wait))
        if posted_at <= self.lowered_at:
            return waiting
        return replace(waiting, current=max(1.0, self.current / 2), lowered_at=now)
