"""/metrics: the ledger's figures in Prometheus' text format, read at each scrape.

Labels are few and bounded: no id, no number, no name of anybody.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from service.domain.delivery.status import MessageState, ReminderState
from service.flow.reports.metrics import Gauges
from service.web.api.endpoint import endpoint
from service.web.services import Services

PREFIX: Final = "permit_reminders_"

MEDIA_TYPE: Final = "text/plain"
VERSION: Final = "0.0.4"

MOST_REASONS: Final = 20
LONGEST_LABEL: Final = 200

LabelledValues = Mapping[tuple[str, ...], float]


@endpoint("GET", "/metrics", {200: None}, media_types=(MEDIA_TYPE,))
async def metrics(services: Services) -> web.Response:
    """Give the figures of this moment in Prometheus' text format."""
    gauges = await services.metrics_store.gauges(services.clock.now())
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_GaugesCollector(gauges))
    return web.Response(
        body=generate_latest(registry),
        headers={"Content-Type": f"{MEDIA_TYPE}; version={VERSION}; charset=utf-8"},
    )


@dataclass(frozen=True, slots=True, eq=False)
class _GaugesCollector(Collector):
    """One reading of the figures, as prometheus-client wants to be given it."""

    gauges: Gauges

    def collect(self) -> list[Metric]:
        """All of it at once."""
        return to_metrics(self.gauges)


def to_metrics(gauges: Gauges) -> list[Metric]:
    """Every metric there is; docs/operations.md explains each."""
    return list(_metric_families(gauges))


def _metric_families(it: Gauges) -> Iterator[Metric]:
    yield _gauge("reminders", "Reminders by state.", _by_state(it), ["state"])
    yield _gauge(
        "messages",
        "Messages of the last 72 hours by provider and state.",
        {(provider, state): n for (provider, state), n in it.messages.items()},
        ["provider", "state"],
    )
    yield _messages_sent(it)
    yield _gauge("due", "Reminders that could be sent now.", {(): it.due})
    yield _gauge(
        "due_waited_seconds", "How long the oldest waits.", {(): it.oldest_due_seconds}
    )
    yield _gauge(
        "held", "Due reminders held, by reason.", _held_by_reason(it), ["reason"]
    )
    yield _gauge(
        "outcomes_open", "Messages without an outcome.", {(): it.open_outcomes}
    )
    yield _gauge(
        "outcomes_left", "Of them left to an operator.", {(): it.left_to_operator}
    )
    yield _gauge(
        "receipts_waiting",
        "Texts taken in the last 72 hours without a last word.",
        _receipts_waiting(it),
        ["provider"],
    )
    yield _gauge("paused_scopes", "Pauses in force.", {(): it.paused_scopes})
    yield _gauge(
        "breaker_open", "1 while open.", {(): float(it.breaker_reason is not None)}
    )
    yield InfoMetricFamily(
        f"{PREFIX}breaker",
        "Why the breaker is open.",
        {"reason": it.breaker_reason[:LONGEST_LABEL]} if it.breaker_reason else None,
    )
    yield _gauge(
        "last_tick_timestamp_seconds",
        "When a pass last came to its end.",
        {(): it.ticked_at.timestamp() if it.ticked_at else 0.0},
    )


def _gauge(
    name: str, told: str, figures: LabelledValues, labels: Sequence[str] = ()
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}{name}", told, labels=labels)
    for values, figure in figures.items():
        family.add_metric(values, figure)
    return family


def _by_state(it: Gauges) -> LabelledValues:
    return {(state,): it.reminders.get(state, 0) for state in ReminderState}


def _messages_sent(it: Gauges) -> CounterMetricFamily:
    told = "Texts that a provider took, whatever became of them."
    family = CounterMetricFamily(f"{PREFIX}messages_sent", told, labels=["provider"])
    for provider, number in it.accepted.items():
        family.add_metric([provider], number)
    return family


def _receipts_waiting(it: Gauges) -> LabelledValues:
    """By provider, those it took and has not said its last word about."""
    found = Counter[str](dict.fromkeys(it.accepted, 0))
    for (provider, state), number in it.messages.items():
        if state in (MessageState.ACCEPTED, MessageState.SENT):
            found[provider] += number
    return {(provider,): number for provider, number in found.items()}


def _held_by_reason(it: Gauges) -> LabelledValues:
    """The commonest reasons, the rest as one: a label must not grow without end."""
    common = sorted(it.held_by_reason.items(), key=lambda one: (-one[1], one[0]))
    told: dict[tuple[str, ...], float] = {
        (reason[:LONGEST_LABEL],): n for reason, n in common[:MOST_REASONS]
    }
    if rest := sum(n for _, n in common[MOST_REASONS:]):
        told["other",] = rest
    return told
