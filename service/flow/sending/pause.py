"""Stopping and resuming by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.domain.delivery.operator_request import parse_operator_request
from service.domain.delivery.pause import Pause
from service.flow.ports import Clock, LawStore


@dataclass(frozen=True, slots=True)
class ResumeResult:
    """What is sent again.

    `confirmed` is the day whose volume was held, `tried` how many reminders are tried
    again to whose number no way led.
    """

    scope: str
    confirmed_day: date | None
    retried: int


class PauseStore(Protocol):
    """What is not sent now; each act is written down."""

    async def pause(self, scope: str, by: str, reason: str, now: datetime) -> None:
        """Stop sending; raises `ConflictError` for what is paused."""

    async def resume(self, scope: str, by: str, now: datetime) -> ResumeResult:
        """Send again, where all is meant also what no way led to.

        Raises `ConflictError` for what is not paused, unless something of that waits.
        """

    async def list_pauses(self) -> Sequence[Pause]:
        """The pauses in force, oldest first."""


@dataclass(frozen=True, slots=True)
class PauseDeps:
    """What stopping needs."""

    law_store: LawStore
    store: PauseStore
    clock: Clock


async def pause_sending(request: Mapping[str, object], deps: PauseDeps, by: str) -> str:
    """Stop sending for the `scope` of an order, for its `reason`; which scope.

    Raises `InvalidError`, `UnknownError` for a code nobody has loaded, and
    `ConflictError`.
    """
    read = parse_operator_request(request, "scope", "reason")
    await _refuse_unknown_code(read["scope"], deps)
    await deps.store.pause(read["scope"], by, read["reason"], deps.clock.now())
    return read["scope"]


async def resume_sending(
    request: Mapping[str, object], deps: PauseDeps, by: str
) -> ResumeResult:
    """Send again for the `scope` of an order; raises as `pause` does."""
    scope = parse_operator_request(request, "scope")["scope"]
    await _refuse_unknown_code(scope, deps)
    return await deps.store.resume(scope, by, deps.clock.now())


async def _refuse_unknown_code(scope: str, deps: PauseDeps) -> None:
    kind, _, code = scope.partition(":")
    law = await deps.law_store.current_law()
    if kind == "rule":
        law.rule(code)
    elif kind in ("authority", "office"):
        law.authority(code)
