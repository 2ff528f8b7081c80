"""/metrics: figures of the ledger in the text format of Prometheus.

They are read at each scrape. Labels are few and bounded, and never identify a person.
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
from service.flow.reports.metrics import Gauges, ServerFigures
from service.web.api.endpoint import endpoint
from service.web.services import Services

PREFIX: Final = "permit_reminders_"

MEDIA_TYPE: Final = "text/plain"
VERSION: Final = "0.0.4"

MAX_REASONS: Final = 20
"""Hold reasons with a label of their own; each label is a time series to store."""

MAX_LABEL_LENGTH: Final = 200
"""Characters of a label; reasons may quote long answers of a provider."""

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
    """A collector of figures that were read already; prometheus-client needs one."""

    gauges: Gauges

    def collect(self) -> list[Metric]:
        """Every metric with its samples."""
        return to_metrics(self.gauges)


def to_metrics(gauges: Gauges) -> list[Metric]:
    """The metrics of these figures; docs/operations.md explains each."""
    return list(_metric_families(gauges))


def _metric_families(gauges: Gauges) -> Iterator[Metric]:
    yield _gauge("reminders", "Reminders by state.", _by_state(gauges), ["state"])
    yield _gauge(
        "messages",
        "Messages of the last 72 hours by provider and state.",
        {(provider, state): n for (provider, state), n in gauges.messages.items()},
        ["provider", "state"],
    )
    yield _messages_sent(gauges)
    yield _gauge("due", "Reminders that could be sent now.", {(): gauges.due})
    yield _gauge(
        "due_waited_seconds",
        "How long the oldest of them has been due.",
        {(): gauges.oldest_due_seconds},
    )
    yield _gauge(
        "held", "Due reminders held, by reason.", _held_by_reason(gauges), ["reason"]
    )
    yield _lookups(gauges)
    yield _gauge(
        "outcomes_open",
        "Messages whose outcome is unknown.",
        {(): gauges.open_outcomes},
    )
    yield _gauge(
        "outcomes_left",
        "Unknown outcomes that an operator must decide.",
        {(): gauges.left_to_operator},
    )
    yield _gauge(
        "receipts_waiting",
        "Messages accepted in the last 72 hours without a final receipt.",
        _receipts_waiting(gauges),
        ["provider"],
    )
    yield _gauge("paused_scopes", "Pauses in force.", {(): gauges.paused_scopes})
    yield _gauge(
        "breaker_open",
        "1 while the breaker is open.",
        {(): float(gauges.breaker_reason is not None)},
    )
    yield InfoMetricFamily(
        f"{PREFIX}breaker",
        "Why the breaker is open.",
        {"reason": gauges.breaker_reason[:MAX_LABEL_LENGTH]}
        if gauges.breaker_reason
        else None,
    )
    yield _gauge(
        "circuit_open",
        "1 while a provider is out and its circuit is open.",
        {(one.provider,): 1.0 for one in gauges.outages},
        ["provider"],
    )
    for one in gauges.outages:
        yield InfoMetricFamily(
            f"{PREFIX}circuit",
            "Why a provider's circuit is open.",
            {"provider": one.provider, "reason": one.reason[:MAX_LABEL_LENGTH]},
        )
    yield _gauge(
        "last_tick_timestamp_seconds",
        "When the last pass ended.",
        {(): gauges.ticked_at.timestamp() if gauges.ticked_at else 0.0},
    )
    yield _gauge(
        "ledger_in_doubt",
        "1 while the ledger is on another server than before, and nothing is sent.",
        {(): gauges.is_in_doubt},
    )
    if gauges.server is not None:
        yield from _server_families(gauges.server)


def _server_families(server: ServerFigures) -> Iterator[Metric]:
    tables = server.tables.items()
    yield _gauge(
        "table_rows",
        "Rows of a table, as PostgreSQL estimates them.",
        {(name,): rows.live for name, rows in tables},
        ["table"],
    )
    yield _gauge(
        "table_dead_rows",
        "Dead rows of a table that no vacuum has taken away yet.",
        {(name,): rows.dead for name, rows in tables},
        ["table"],
    )
    yield _gauge(
        "oldest_snapshot_seconds",
        "Age of the oldest snapshot in this database.",
        {(): server.oldest_snapshot_seconds},
    )
    yield _gauge(
        "oldest_snapshot_transactions",
        "Transactions begun since the oldest snapshot of the server.",
        {(): server.oldest_snapshot_transactions},
    )
    yield _gauge("standbys", "Standbys that follow now.", {(): server.standbys})


def _gauge(
    name: str, help_text: str, figures: LabelledValues, labels: Sequence[str] = ()
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}{name}", help_text, labels=labels)
    for values, figure in figures.items():
        family.add_metric(values, figure)
    return family


def _by_state(gauges: Gauges) -> LabelledValues:
    return {(state,): gauges.reminders.get(state, 0) for state in ReminderState}


def _messages_sent(gauges: Gauges) -> CounterMetricFamily:
    help_text = "Messages that a provider accepted, whatever their later outcome."
    family = CounterMetricFamily(
        f"{PREFIX}messages_sent", help_text, labels=["provider"]
    )
    for provider, number in gauges.accepted.items():
        family.add_metric([provider], number)
    return family


def _receipts_waiting(gauges: Gauges) -> LabelledValues:
    """Accepted messages without a final receipt, by provider."""
    waiting = Counter[str](dict.fromkeys(gauges.accepted, 0))
    for (provider, state), number in gauges.messages.items():
        if state in (MessageState.ACCEPTED, MessageState.SENT):
            waiting[provider] += number
    return {(provider,): number for provider, number in waiting.items()}


def _lookups(gauges: Gauges) -> Metric:
    counter = CounterMetricFamily(
        f"{PREFIX}lookups",
        "Questions to registers before texts, by register and answer.",
        labels=["register", "answer"],
    )
    for (register, answer), number in gauges.lookups.items():
        counter.add_metric([register, answer], number)
    return counter


def _held_by_reason(gauges: Gauges) -> LabelledValues:
    """The most frequent reasons; the rest is counted as "other" to bound the labels."""
    common = sorted(gauges.held_by_reason.items(), key=lambda item: (-item[1], item[0]))
    labelled: dict[tuple[str, ...], float] = {
        (reason[:MAX_LABEL_LENGTH],): n for reason, n in common[:MAX_REASONS]
    }
    if rest := sum(n for _, n in common[MAX_REASONS:]):
        labelled["other",] = rest
    return labelled
