"""Stopping and resuming by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.domain.order import order_from
from service.domain.silence import Pause
from service.flow.ports import Clock, LawStore


class BrakeStore(Protocol):
    """What is not sent now; each act is written down."""

    async def pause(self, scope: str, by: str, reason: str, now: datetime) -> None:
        """Stop sending; raises `ConflictError` for what is paused."""

    async def resume(self, scope: str, by: str, now: datetime) -> date | None:
        """Send again; the day confirmed by that, where its volume was held.

        Raises `ConflictError` for what is not paused.
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


async def resume(
    order: Mapping[str, object], to: Braking, by: str
) -> tuple[str, date | None]:
    """Send again for the `scope` of an order; which, and the day that confirms.

    Raises as `pause` does.
    """
    scope = order_from(order, "scope")["scope"]
    await _refuse_unknown(scope, to)
    return scope, await to.store.resume(scope, by, to.clock.now())


async def _refuse_unknown(scope: str, to: Braking) -> None:
    kind, _, code = scope.partition(":")
    law = await to.laws.law()
    if kind == "rule":
        law.rule(code)
    elif kind in ("authority", "office"):
        law.authority(code)
