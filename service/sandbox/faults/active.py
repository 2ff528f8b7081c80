"""The active faults, and which of them apply to a target."""

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
    """A fault with its counts: the targets it `met`, and those it `struck`.

    It ends at `until`, an instant of the monotonic clock, in seconds.
    """

    fault: F
    until: float | None
    lifted: asyncio.Event
    rng: Random = field(init=False)
    met: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        self.rng = Random(self.fault.seed)  # noqa: S311 - repeatable, not secret

    def is_over(self, now: float) -> bool:
        """Whether its time is over, or it struck as often as it may."""
        expired = self.until is not None and now >= self.until
        return expired or self.struck == self.fault.times

    def strikes(self, target: Target, now: float) -> bool:
        """Count this target; return whether the fault strikes it."""
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
    """All faults in the order of their list; `clock` is monotonic, in seconds."""

    def __init__(
        self, faults: Iterable[Fault] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._lifted = asyncio.Event()
        self._active: list[ActiveFault[Fault]] = []
        self.replace(faults)

    def replace(self, faults: Iterable[Fault] = ()) -> None:
        """Replace all faults; what waits because of an old one continues at once."""
        self._lifted.set()
        self._lifted = asyncio.Event()
        now = self._clock()
        self._active = [
            ActiveFault(one, one.lasts and now + one.lasts, self._lifted)
            for one in faults
        ]

    def as_json(self) -> list[dict[str, object]]:
        """List each fault as JSON, with `met`, `struck` and `over`."""
        now = self._clock()
        return [
            one.fault.as_json()
            | {"met": one.met, "struck": one.struck, "over": one.is_over(now)}
            for one in self._active
        ]

    @property
    def lifted(self) -> asyncio.Event:
        """The event that is set when the present faults are replaced."""
        return self._lifted

    def strike(self, kind: type[F], target: Target) -> Iterator[ActiveFault[F]]:
        """Yield the faults of a type that strike; each counts the target it gets."""
        for one in self._active:
            if isinstance(one.fault, kind) and one.strikes(target, self._clock()):
                yield cast("ActiveFault[F]", one)
