"""Find what would go wrong before it does: nothing is written, nothing is sent."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.domain.delivery.pause import Pause
from service.domain.go_live.go_live import find_hindrance
from service.domain.lawbook.law import Law
from service.domain.reminders.reasons import NO_ROUTE
from service.domain.reports.findings import (
    CLOSING_SOON,
    Finding,
    ProviderState,
    RegisterAge,
    Severity,
    TypeCount,
)
from service.domain.reports.permit_findings import (
    describe_unreachable,
    judge_registers,
    judge_types,
    judge_unknown_types,
    judge_waiting,
)
from service.domain.reports.sending_findings import (
    BACKUPS,
    judge_last_pass,
    judge_offices,
    judge_pauses,
    judge_provider,
)
from service.flow.permits.unreachable import UnreachableDeps, find_all_unreachable
from service.flow.ports import Clock, Health, LawStore
from service.flow.reports.call_list import CallListStore, list_calls
from service.flow.reports.metrics import MetricsStore


@dataclass(frozen=True, slots=True)
class DiagnosisRows:
    """What the ledger has for a diagnosis, and what its own clock shows.

    `unknown_types` counts the rows that the newest import of each file rejected because
    no rule has their permit type.
    """

    types: Sequence[TypeCount]
    registers: Sequence[RegisterAge]
    unknown_types: Mapping[str, int]
    machine_at: datetime


class DiagnosisStore(Protocol):
    """Reads what only a diagnosis asks for."""

    async def read(self, now: datetime, soon: datetime) -> DiagnosisRows:
        """Read the rows; `soon` is the last instant of windows that close soon."""


class PauseReader(Protocol):
    """Reads the pauses in force."""

    async def list_pauses(self) -> Sequence[Pause]:
        """The pauses in force, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosisDeps:
    """The ports of a diagnosis. `takes_replies`: texts to us come in."""

    law_store: LawStore
    store: DiagnosisStore
    unreachable_deps: UnreachableDeps
    call_list_store: CallListStore
    metrics_store: MetricsStore
    pauses: PauseReader
    health: Health
    clock: Clock
    takes_replies: bool


async def diagnose(
    deps: DiagnosisDeps, ask_provider: Callable[[], Awaitable[ProviderState]]
) -> list[Finding]:
    """Find all that would go wrong; the provider is asked, and nothing is sent."""
    law, now = await deps.law_store.current_law(), deps.clock.now()
    rows = await deps.store.read(now, now + CLOSING_SOON)
    gauges = await deps.metrics_store.gauges(now)
    is_live = any(one.state == "live" for one in rows.types)
    today = now.date()
    hindrances = [
        find_hindrance(law.rule(one.rule), law.lineage(one.authority))
        for one in rows.types
    ]
    return [
        *[one async for one in _problems(deps.health)],
        *judge_pauses(await deps.pauses.list_pauses()),
        *judge_provider(await ask_provider(), rows.machine_at),
        *judge_last_pass(gauges.ticked_at, rows.machine_at, is_live=is_live),
        *judge_offices(law, today, takes_replies=deps.takes_replies),
        *judge_types(rows.types, hindrances, law),
        *judge_unknown_types(rows.unknown_types, law),
        *judge_registers(rows.registers, now),
        *judge_waiting(gauges.held_by_reason.get(NO_ROUTE, 0), gauges.left_to_operator),
        *[one async for one in _by_region(law, deps)],
        BACKUPS,
    ]


async def _problems(health: Health) -> AsyncIterator[Finding]:
    """What /readyz says, but for pauses, which are listed whoever made them."""
    for part, problem in (await health.problems()).items():
        if not part.startswith("paused "):
            remedy = "docs/operations.md, What to do when"
            yield Finding(Severity.STOPS, part, problem, remedy)


async def _by_region(law: Law, deps: DiagnosisDeps) -> AsyncIterator[Finding]:
    """Who gets no text, and whom to call, in each tree of offices."""
    for root in (one.code for one in law.authorities.values() if one.parent is None):
        offices = law.subtree(root)
        found = await find_all_unreachable(offices, deps.unreachable_deps)
        for reason, count in Counter(one.why for one in found).most_common():
            yield describe_unreachable(root, reason, count)
        calls = await list_calls(
            offices, deps.law_store, deps.call_list_store, deps.clock
        )
        if calls:
            yield Finding(
                Severity.SOON,
                "windows",
                f"{len(calls)} permits of {root} close soon or have closed, and no "
                "text reaches their holders in time",
                f"permit-reminders calls --authority {root}",
                len(calls),
            )
