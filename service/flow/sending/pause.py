"""Stopping and resuming by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.domain.explain.not_sent import Pause
from service.domain.formats.operator_request import order_from
from service.flow.ports import Clock, LawStore


@dataclass(frozen=True, slots=True)
class Resumed:
    """What is sent again.

    `confirmed` is the day whose volume was held, `tried` how many reminders are tried
    again to whose number no way led.
    """

    scope: str
    confirmed: date | None
    tried: int


class BrakeStore(Protocol):
    """What is not sent now; each act is written down."""

    async def pause(self, scope: str, by: str, reason: str, now: datetime) -> None:
        """Stop sending; raises `ConflictError` for what is paused."""

    async def resume(self, scope: str, by: str, now: datetime) -> Resumed:
        """Send again, where all is meant also what no way led to.

        Raises `ConflictError` for what is not paused, unless something of that waits.
        """

    async def paused(self) -> Sequence[Pause]:
        """The pauses in force, oldest first."""


@dataclass(frozen=True, slots=True)
class Braking:
    """What stopping needs."""

    laws: LawStore
    store: BrakeStore
    clock: Clock


async def pause(order: Mapping[str, object], to: Braking, by: str) -> str:
    """Stop sending for the `scope` of an order, for its `reason`; which scope.

    Raises `InvalidError`, `UnknownError` for a code nobody has loaded, and
    `ConflictError`.
    """
    read = order_from(order, "scope", "reason")
    await _refuse_unknown(read["scope"], to)
    await to.store.pause(read["scope"], by, read["reason"], to.clock.now())
    return read["scope"]


async def resume(order: Mapping[str, object], to: Braking, by: str) -> Resumed:
    """Send again for the `scope` of an order; raises as `pause` does."""
    scope = order_from(order, "scope")["scope"]
    await _refuse_unknown(scope, to)
    return await to.store.resume(scope, by, to.clock.now())


async def _refuse_unknown(scope: str, to: Braking) -> None:
    kind, _, code = scope.partition(":")
    law = await to.laws.law()
    if kind == "rule":
        law.rule(code)
    elif kind in ("authority", "office"):
        law.authority(code)
