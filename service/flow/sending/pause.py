"""Pause and resume sending by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from service.domain.delivery.operator_request import parse_operator_request
from service.domain.delivery.pause import PROVIDERS, Pause
from service.domain.errors import UnknownError
from service.domain.untrusted.text import safe_label
from service.flow.ports import Clock, LawStore


@dataclass(frozen=True, slots=True)
class ResumeResult:
    """The scope that is sent again.

    `confirmed_day` is the day that the volume guard had held. `retried` counts the
    reminders held for want of a route to their number, which are now tried again.
    """

    scope: str
    confirmed_day: date | None
    retried: int


class PauseStore(Protocol):
    """The pauses in force; each pause and resume is logged as an action."""

    async def pause(self, scope: str, by: str, reason: str, now: datetime) -> None:
        """Pause a scope; raises `ConflictError` if it is paused already."""

    async def resume(self, scope: str, by: str, now: datetime) -> ResumeResult:
        """Resume a scope; "all" also retries reminders held for want of a route.

        Raises `ConflictError` if the scope is not paused and no reminder waits so.
        """

    async def list_pauses(self) -> Sequence[Pause]:
        """The pauses in force, oldest first."""


@dataclass(frozen=True, slots=True)
class PauseDeps:
    """The ports that pausing needs."""

    law_store: LawStore
    store: PauseStore
    clock: Clock


async def pause_sending(request: Mapping[str, object], deps: PauseDeps, by: str) -> str:
    """Pause the `scope` of a request for its `reason`; return the scope.

    Raises `InvalidError`, `UnknownError` for an unknown rule, authority or provider,
    and `ConflictError`.
    """
    parsed = parse_operator_request(request, "scope", "reason")
    scope, reason = parsed["scope"], parsed["reason"]
    await _refuse_unknown_code(scope, deps)
    await deps.store.pause(scope, by, reason, deps.clock.now())
    return scope


async def resume_sending(
    request: Mapping[str, object], deps: PauseDeps, by: str
) -> ResumeResult:
    """Resume the `scope` of a request; raises as `pause_sending` does."""
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
    elif kind == "resend" and code not in PROVIDERS:
        raise UnknownError("provider", safe_label(code))
