"""The composition root: the only file that knows every concrete class."""

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from service.adapters.calendars.holidays import calendars
from service.adapters.clock import SimulatedClock, SystemClock
from service.adapters.documents import Documents
from service.adapters.lookups.registers import MappedRegisters
from service.adapters.open_vault import open_vault
from service.adapters.phones import Libphonenumber
from service.adapters.store.audit.read_ledger import SqlAuditStore
from service.adapters.store.db.database import Database
from service.adapters.store.db.health import SqlHealth
from service.adapters.store.failover.servers import SqlFailoverStore
from service.adapters.store.go_live.go_live import SqlGoLiveStore
from service.adapters.store.go_live.preview import SqlGoLivePreviewStore
from service.adapters.store.law.change_store import SqlChangeStore
from service.adapters.store.law.law_store import SqlLawStore
from service.adapters.store.office.api_keys import SqlApiKeyStore
from service.adapters.store.office.templates import SqlTemplateStore
from service.adapters.store.permits.imports.records import SqlImportStore
from service.adapters.store.permits.opt_outs import SqlOptOutStore
from service.adapters.store.permits.reader import SqlPermitReader
from service.adapters.store.permits.register import SqlRegisterStore
from service.adapters.store.permits.rehearsal import RegisterRehearsal
from service.adapters.store.permits.snapshot import SqlSnapshotStore
from service.adapters.store.permits.unreachable import SqlUnreachableStore
from service.adapters.store.reminders.reader import SqlReminderReader
from service.adapters.store.reports.call_list import SqlCallListStore
from service.adapters.store.reports.counts import SqlCountStore
from service.adapters.store.reports.diagnosis import SqlDiagnosisStore
from service.adapters.store.reports.explain import SqlExplainStore
from service.adapters.store.reports.forecast import SqlForecastStore
from service.adapters.store.reports.metrics import SqlMetricsStore
from service.adapters.store.reports.outlook import SqlOutlookStore
from service.adapters.store.sending.breaker import SqlBreakerStore
from service.adapters.store.sending.circuit import SqlCircuitStore
from service.adapters.store.sending.claim.claim_store import SqlClaimStore
from service.adapters.store.sending.claim.own_phone import SqlOwnPhoneStore
from service.adapters.store.sending.inbox import SqlInboxStore
from service.adapters.store.sending.leases import SqlLeaseStore, SqlRoundsStore
from service.adapters.store.sending.lookups import SqlLookupStore
from service.adapters.store.sending.pauses import SqlPauseStore
from service.adapters.store.sending.reader import SqlMessageReader
from service.adapters.store.sending.receive import SqlReceiveStore
from service.adapters.store.sending.resolve import SqlResolveStore
from service.adapters.store.sending.settle import SqlSettleStore
from service.adapters.store.sending.volume_guard import SqlVolumeGuardStore
from service.adapters.store.slots.expand import SqlExpandStore
from service.adapters.templates.library import JinjaTemplateLibrary
from service.adapters.uploads.processes import ImportProcesses
from service.flow.office.go_live import GoLiveDeps
from service.flow.office.preview_go_live import GoLivePreviewDeps
from service.flow.office.templates import TemplateDeps
from service.flow.permits.ask_registers import LookupDeps
from service.flow.permits.import_run import ImportDeps
from service.flow.permits.opt_outs import OptOutDeps
from service.flow.permits.phone_reader import PhoneReader
from service.flow.permits.register import RegisterDeps
from service.flow.permits.unreachable import UnreachableDeps
from service.flow.reports.diagnose import DiagnosisDeps
from service.flow.reports.outlook import OutlookDeps
from service.flow.sending.failover.ask_first import FailoverDeps
from service.flow.sending.outcomes.inbox import InboxDeps
from service.flow.sending.outcomes.receipt_batches import ReceiptBatches
from service.flow.sending.outcomes.resolve import ResolveDeps
from service.flow.sending.pause import PauseDeps
from service.flow.sending.post import Poster
from service.flow.sending.provider import Provider
from service.flow.sending.send import SendDeps
from service.flow.sending.tick import TickDeps
from service.flow.sending.volume_guard import VolumeGuardDeps
from service.flow.stop_signal import StopSignal, never_stop
from service.settings import Settings, shipped_folder
from service.web.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation(Services):
    """One installation, opened: the services, and what only commands and ticks need."""

    settings: Settings
    database: Database
    replica: Database
    templates: JinjaTemplateLibrary
    import_deps: ImportDeps
    uploads: ImportProcesses
    pause_store: SqlPauseStore
    call_list_store: SqlCallListStore
    audit_store: SqlAuditStore
    go_live_preview_deps: GoLivePreviewDeps
    outlook_deps: OutlookDeps
    diagnosis_deps: DiagnosisDeps
    lookup_deps: LookupDeps

    def own_phone_store(self, provider: Provider) -> SqlOwnPhoneStore:
        """The store of tests that go through this provider."""
        return SqlOwnPhoneStore(self.database, self.vault, provider.name)

    def rounds_store(self, seconds: float) -> SqlRoundsStore:
        """The store that gives this process the rounds for so long at a time."""
        return SqlRoundsStore(self.database, seconds)

    def tick_deps(
        self, provider: Provider, is_stopping: StopSignal = never_stop
    ) -> TickDeps:
        """The ports of a tick that sends through this provider."""
        name, first_wait = provider.name, self.settings.first_probe_wait
        sending = SendDeps(
            law_store=self.law_store,
            store=SqlClaimStore(self.database, self.vault, name, first_wait),
            circuit_store=SqlCircuitStore(self.database, name, first_wait),
            templates=self.templates,
            poster=Poster(provider, self.vault, is_stopping=is_stopping),
            clock=self.clock,
            lease=self.settings.lease,
            post_timeout=self.settings.post_timeout,
            breaker_store=SqlBreakerStore(self.database),
        )
        return TickDeps(
            send_deps=sending,
            lookup_deps=self.lookup_deps,
            volume_guard_deps=VolumeGuardDeps(
                self.law_store, SqlVolumeGuardStore(self.database), self.clock
            ),
            expand_store=SqlExpandStore(self.database),
            lease_store=SqlLeaseStore(self.database),
            settle_store=SqlSettleStore(self.database, name),
            receive_store=self.receive_store,
            failover_deps=self.failover_deps,
            settle_after=timedelta(seconds=self.settings.settle),
            poll_after=timedelta(hours=1 if self.settings.public_url else 0),
        )


@asynccontextmanager
async def open_installation(settings: Settings) -> AsyncIterator[Installation]:
    """Open the installation of these settings.

    Raises `SetUpError` if its database is missing or belongs to another release.
    """
    database = Database(settings.database_url)
    try:
        await database.check()
        installation = await build_installation(settings, database)
        try:
            yield installation
        finally:
            await installation.uploads.close()
            await installation.receipt_batches.close()
            await installation.replica.dispose()
    finally:
        await database.dispose()


async def build_installation(settings: Settings, database: Database) -> Installation:
    """Build every part on a database whose tables are up to date."""
    gc.set_threshold(20_000)  # after 700 new objects, a fifth of an import went there
    replica = Database(settings.read_url) if settings.read_url else database
    pauses = SqlPauseStore(database)
    simulated_now = await pauses.simulated_now()
    clock = SimulatedClock(simulated_now) if simulated_now else SystemClock()
    vault = await open_vault(settings, database)
    template_store = SqlTemplateStore(database)
    templates = JinjaTemplateLibrary(shipped_folder("templates"), template_store)
    law = SqlLawStore(database, calendars(), templates.step_templates())
    phone_reader = PhoneReader(law, Libphonenumber(), vault)
    snapshots = SqlSnapshotStore(database)
    receive_store, imports = SqlReceiveStore(database), SqlImportStore(database)
    register_store, health = SqlRegisterStore(database), SqlHealth(database)
    registration = RegisterDeps(law, register_store, phone_reader, vault, clock)
    go_live = GoLiveDeps(law, SqlGoLiveStore(database), phone_reader, clock)
    unreachable = UnreachableDeps(SqlUnreachableStore(database), phone_reader, clock)
    calls, metrics_store = SqlCallListStore(database), SqlMetricsStore(database)
    return Installation(
        settings=settings,
        default_authority=settings.authority,
        database=database,
        replica=replica,
        clock=clock,
        vault=vault,
        templates=templates,
        template_names=templates.step_templates(),
        template_deps=TemplateDeps(
            law, template_store, templates, clock, settings.authority
        ),
        law_store=law,
        change_store=SqlChangeStore(database, law),
        register_deps=registration,
        import_store=imports,
        import_deps=ImportDeps(
            registration, lambda: RegisterRehearsal(database), imports, snapshots
        ),
        lookup_deps=LookupDeps(
            SqlLookupStore(database), MappedRegisters(os.environ), registration
        ),
        uploads=ImportProcesses(settings, imports, clock),
        permit_reader=SqlPermitReader(database),
        opt_out_deps=OptOutDeps(SqlOptOutStore(database), phone_reader, clock),
        unreachable_deps=unreachable,
        go_live_deps=go_live,
        go_live_preview_deps=GoLivePreviewDeps(
            law_store=law,
            go_live_store=go_live.store,
            store=SqlGoLivePreviewStore(database),
            templates=templates,
            clock=clock,
        ),
        pause_store=pauses,
        pause_deps=PauseDeps(law, pauses, clock),
        resolve_deps=ResolveDeps(
            SqlResolveStore(database), clock, timedelta(seconds=settings.settle)
        ),
        receive_store=receive_store,
        receipt_batches=ReceiptBatches(receive_store, clock),
        inbox_deps=InboxDeps(SqlInboxStore(database), vault, clock),
        message_reader=SqlMessageReader(database),
        reminder_reader=SqlReminderReader(database),
        explain_store=SqlExplainStore(database),
        count_store=SqlCountStore(replica),
        forecast_store=SqlForecastStore(replica),
        call_list_store=calls,
        audit_store=SqlAuditStore(replica),
        outlook_deps=OutlookDeps(law, SqlOutlookStore(database), clock),
        diagnosis_deps=DiagnosisDeps(
            law_store=law,
            store=SqlDiagnosisStore(database),
            unreachable_deps=unreachable,
            call_list_store=calls,
            metrics_store=metrics_store,
            pauses=pauses,
            health=health,
            clock=clock,
            takes_replies=settings.takes_replies,
        ),
        metrics_store=metrics_store,
        report_formatter=Documents(templates),
        api_key_store=SqlApiKeyStore(database),
        failover_deps=FailoverDeps(
            SqlFailoverStore(database, settings.failover_window),
            receive_store,
            phone_reader,
        ),
        health=health,
    )
