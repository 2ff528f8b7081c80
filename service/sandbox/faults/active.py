"""The faults in force, and which of them strikes now."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Generic, TypeVar, cast

from service.sandbox.faults import Fault, Target

F = TypeVar("F", bound=Fault)


@dataclass(slots=True)
class ActiveFault(Generic[F]):
    """A fault and its tally: how many targets it met, how many of them it struck.

    It meets nothing more from `until` on, an instant of the clock it is asked with.
    """

    fault: F
    until: float | None
    lifted: asyncio.Event
    rng: Random = field(init=False)
    met: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        self.rng = Random(self.fault.seed)  # noqa: S311 - to be repeated, not secret

    def is_over(self, now: float) -> bool:
        """Whether its time or its number is used up."""
        late = self.until is not None and now >= self.until
        return late or self.struck == self.fault.times

    def strikes(self, target: Target, now: float) -> bool:
        """Count this target, and say whether it is hit."""
        if self.is_over(now) or not self.fault.matches(target):
            return False
        self.met += 1
        if self.met % self.fault.every:
            return False
        if self.fault.share < 1 and self.rng.random() >= self.fault.share:
            return False
        self.struck += 1
        return True


class ActiveFaults:
    """All faults in the order of their list; `clock` tells seconds, ever growing."""

    def __init__(
        self, faults: Iterable[Fault] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._lifted = asyncio.Event()
        self._armed: list[ActiveFault[Fault]] = []
        self.replace(faults)

    def replace(self, faults: Iterable[Fault] = ()) -> None:
        """Replace all; what waited because of the old ones waits no longer."""
        self._lifted.set()
        self._lifted = asyncio.Event()
        now = self._clock()
        self._armed = [
            ActiveFault(one, one.lasts and now + one.lasts, self._lifted)
            for one in faults
        ]

    def as_json(self) -> list[dict[str, object]]:
        """Tell each fault, what it met and struck, and whether it is over."""
        now = self._clock()
        return [
            one.fault.as_json()
            | {"met": one.met, "struck": one.struck, "over": one.is_over(now)}
            for one in self._armed
        ]

    @property
    def lifted(self) -> asyncio.Event:
        """Set as soon as the faults of now are replaced."""
        return self._lifted

    def strike(self, kind: type[F], target: Target) -> Iterator[ActiveFault[F]]:
        """Go through the faults of a kind that strike; each counts when it is asked."""
        for one in self._armed:
            if isinstance(one.fault, kind) and one.strikes(target, self._clock()):
                yield cast("ActiveFault[F]", one)
