"""The ports and flows that request handlers use; no handler knows an adapter."""

from collections.abc import Callable
from dataclasses import dataclass

from service.flow.law_change.change import ChangeStore
from service.flow.office.go_live import GoLiveDeps
from service.flow.office.templates import TemplateDeps
from service.flow.permits.find import PermitReader
from service.flow.permits.import_record import ImportStore
from service.flow.permits.opt_outs import OptOutDeps
from service.flow.permits.register import RegisterDeps
from service.flow.permits.unreachable import UnreachableDeps
from service.flow.ports import (
    ApiKeyStore,
    Clock,
    Health,
    LawStore,
    TemplateLibrary,
    Uploads,
    Vault,
)
from service.flow.reports.explain import ExplainStore
from service.flow.reports.forecast import ForecastStore
from service.flow.reports.message_views import MessageReader, ReminderReader
from service.flow.reports.metrics import MetricsStore
from service.flow.reports.weekly import CountStore, ReportFormatter
from service.flow.sending.failover.ask_first import FailoverDeps
from service.flow.sending.outcomes.inbox import InboxDeps
from service.flow.sending.outcomes.receipt_batches import ReceiptBatches
from service.flow.sending.outcomes.receive import ReceiveStore
from service.flow.sending.outcomes.resolve import ResolveDeps
from service.flow.sending.pause import PauseDeps

LastFailure = Callable[[], str | None]
"""Returns why the last tick of this process failed; None if it did not."""


def no_failure() -> None:
    """Return None: this process does not tick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The ports and flows behind the routes.

    `default_authority` is the office of a request that names none; without it, such
    requests need an installation with a single office. `template_names` are the
    templates that a version may name. `sends` says whether this process ticks: then
    /readyz also reports what stops sending.
    """

    register_deps: RegisterDeps
    import_store: ImportStore
    uploads: Uploads
    go_live_deps: GoLiveDeps
    template_deps: TemplateDeps
    law_store: LawStore
    change_store: ChangeStore
    template_names: frozenset[str]
    templates: TemplateLibrary
    permit_reader: PermitReader
    explain_store: ExplainStore
    count_store: CountStore
    forecast_store: ForecastStore
    api_key_store: ApiKeyStore
    health: Health
    report_formatter: ReportFormatter
    receive_store: ReceiveStore
    receipt_batches: ReceiptBatches
    opt_out_deps: OptOutDeps
    unreachable_deps: UnreachableDeps
    inbox_deps: InboxDeps
    message_reader: MessageReader
    reminder_reader: ReminderReader
    metrics_store: MetricsStore
    pause_deps: PauseDeps
    failover_deps: FailoverDeps
    resolve_deps: ResolveDeps
    vault: Vault
    clock: Clock
    default_authority: str | None
    last_failure: LastFailure = no_failure
    sends: bool = True
