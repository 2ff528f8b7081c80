"""The composition root: the only file that knows every concrete class."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from service.adapters.calendars.holidays import calendars, calendars_known_until
from service.adapters.clock import SimulatedClock, SystemClock
from service.adapters.documents import Documents
from service.adapters.phones import Libphonenumber
from service.adapters.rules.files import read_rules
from service.adapters.store.audit.read_ledger import SqlAuditStore
from service.adapters.store.db.database import Database
from service.adapters.store.db.health import SqlHealth
from service.adapters.store.db.key_check import has_key, refuse_other_key
from service.adapters.store.db.migrate import newest_migration
from service.adapters.store.go_live.go_live import SqlGoLiveStore
from service.adapters.store.go_live.preview import SqlGoLivePreviewStore
from service.adapters.store.law.change_store import SqlChangeStore
from service.adapters.store.law.law_store import SqlLawStore
from service.adapters.store.office.api_keys import SqlApiKeyStore
from service.adapters.store.office.templates import SqlTemplateStore
from service.adapters.store.permits.opt_outs import SqlOptOutStore
from service.adapters.store.permits.reader import SqlPermitReader
from service.adapters.store.permits.register import SqlRegisterStore
from service.adapters.store.permits.unreachable import SqlUnreachableStore
from service.adapters.store.reminders.reader import SqlReminderReader
from service.adapters.store.reports.call_list import SqlCallListStore
from service.adapters.store.reports.counts import SqlCountStore
from service.adapters.store.reports.explain import SqlExplainStore
from service.adapters.store.reports.forecast import SqlForecastStore
from service.adapters.store.reports.metrics import SqlMetricsStore
from service.adapters.store.sending.breaker import SqlBreakerStore
from service.adapters.store.sending.claim.claim_store import SqlClaimStore
from service.adapters.store.sending.pauses import SqlPauseStore
from service.adapters.store.sending.reader import SqlMessageReader
from service.adapters.store.sending.receive import SqlReceiveStore
from service.adapters.store.sending.resolve import SqlResolveStore
from service.adapters.store.sending.settle import SqlSettleStore
from service.adapters.store.sending.volume_guard import SqlVolumeGuardStore
from service.adapters.store.slots.expand import SqlExpandStore
from service.adapters.templates.library import JinjaTemplateLibrary
from service.adapters.vault import Vault
from service.domain.errors import SetUpError
from service.domain.law.rule import Rule
from service.domain.law_change.edits import RulesEdit
from service.flow.law_change.change import apply_change
from service.flow.law_change.refresh_holidays import refresh_holidays
from service.flow.office.go_live import GoLiveDeps
from service.flow.office.preview_go_live import GoLivePreviewDeps
from service.flow.office.templates import TemplateDeps
from service.flow.permits.opt_outs import OptOutDeps
from service.flow.permits.phone_reader import PhoneReader
from service.flow.permits.register import RegisterDeps
from service.flow.permits.unreachable import UnreachableDeps
from service.flow.ports import Clock
from service.flow.sending.pause import PauseDeps
from service.flow.sending.post import Poster
from service.flow.sending.provider import Provider
from service.flow.sending.resolve import ResolveDeps
from service.flow.sending.send import SendDeps
from service.flow.sending.tick import TickDeps
from service.flow.sending.volume_guard import VolumeGuardDeps
from service.flow.stop_signal import StopSignal, never_stop
from service.settings import Settings, shipped_folder
from service.web.services import LastFailure, Services, no_failure

_log = structlog.get_logger("service.calendars")


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation, opened."""

    settings: Settings
    database: Database
    clock: Clock
    vault: Vault
    templates: JinjaTemplateLibrary
    law_store: SqlLawStore
    register_deps: RegisterDeps
    go_live_deps: GoLiveDeps
    template_deps: TemplateDeps
    pause_store: SqlPauseStore
    api_key_store: SqlApiKeyStore
    permit_reader: SqlPermitReader
    explain_store: SqlExplainStore
    count_store: SqlCountStore
    forecast_store: SqlForecastStore
    call_list_store: SqlCallListStore
    audit_store: SqlAuditStore
    receive_store: SqlReceiveStore
    opt_out_deps: OptOutDeps
    unreachable_deps: UnreachableDeps
    health: SqlHealth
    report_formatter: Documents
    message_reader: SqlMessageReader
    reminder_reader: SqlReminderReader
    metrics_store: SqlMetricsStore

    def tick_deps(
        self, provider: Provider, is_stopping: StopSignal = never_stop
    ) -> TickDeps:
        """The ports of a tick that sends through this provider."""
        name = provider.name
        sending = SendDeps(
            law_store=self.law_store,
            store=SqlClaimStore(self.database, self.vault, name),
            templates=self.templates,
            poster=Poster(provider, self.vault, is_stopping=is_stopping),
            clock=self.clock,
            lease=self.settings.lease,
            post_timeout=self.settings.post_timeout,
            breaker_store=SqlBreakerStore(self.database),
        )
        return TickDeps(
            send_deps=sending,
            volume_guard_deps=VolumeGuardDeps(
                self.law_store, SqlVolumeGuardStore(self.database), self.clock
            ),
            expand_store=SqlExpandStore(self.database),
            settle_store=SqlSettleStore(self.database, name),
            receive_store=self.receive_store,
            settle_after=timedelta(seconds=self.settings.settle),
            poll_after=timedelta(hours=1 if self.settings.public_url else 0),
        )

    async def refresh_holidays(self, by: str) -> None:
        """Date permits anew where a release of the holidays knows more than they."""
        done = await refresh_holidays(
            self.change_store, self.clock, calendars_known_until, by=by
        )
        if done:
            told = done.plan.impact
            _log.info(
                "calendars refreshed",
                permits=told.permits,
                exact=told.exact,
                corrected=told.corrected,
                objections=list(done.plan.objections),
            )

    @property
    def change_store(self) -> SqlChangeStore:
        """Where the law is changed."""
        return SqlChangeStore(self.database, self.law_store)

    def go_live_preview_deps(self) -> GoLivePreviewDeps:
        """What a look at going live needs."""
        return GoLivePreviewDeps(
            law_store=self.law_store,
            go_live_store=self.go_live_deps.store,
            store=SqlGoLivePreviewStore(self.database),
            templates=self.templates,
            clock=self.clock,
        )

    def pause_deps(self) -> PauseDeps:
        """What stopping and resuming by hand needs."""
        return PauseDeps(self.law_store, self.pause_store, self.clock)

    def resolve_deps(self) -> ResolveDeps:
        """What deciding an unknown outcome by hand needs."""
        patience = timedelta(seconds=self.settings.settle)
        return ResolveDeps(SqlResolveStore(self.database), self.clock, patience)

    def services(
        self, provider: Provider, last_failure: LastFailure = no_failure
    ) -> Services:
        """What the web answers from; `failing` says why passes fail, where they do."""
        return Services(
            register_deps=self.register_deps,
            go_live_deps=self.go_live_deps,
            template_deps=self.template_deps,
            law_store=self.law_store,
            change_store=self.change_store,
            template_names=self.templates.step_templates(),
            permit_reader=self.permit_reader,
            explain_store=self.explain_store,
            count_store=self.count_store,
            forecast_store=self.forecast_store,
            api_key_store=self.api_key_store,
            health=self.health,
            report_formatter=self.report_formatter,
            receive_store=self.receive_store,
            opt_out_deps=self.opt_out_deps,
            unreachable_deps=self.unreachable_deps,
            message_reader=self.message_reader,
            reminder_reader=self.reminder_reader,
            metrics_store=self.metrics_store,
            pause_deps=self.pause_deps(),
            resolve_deps=self.resolve_deps(),
            vault=self.vault,
            clock=self.clock,
            provider=provider,
            last_failure=last_failure,
            default_authority=self.settings.authority,
        )


@asynccontextmanager
async def open_installation(settings: Settings) -> AsyncIterator[Installation]:
    """The installation of these settings; raises `SetUpError` where it is not ready."""
    database = Database(settings.database_url)
    try:
        await database.check()
        yield await build_installation(settings, database)
    finally:
        await database.dispose()


async def build_installation(settings: Settings, database: Database) -> Installation:
    """Join the parts around a database whose tables stand."""
    brakes = SqlPauseStore(database)
    simulated_now = await brakes.simulated_now()
    clock = SimulatedClock(simulated_now) if simulated_now else SystemClock()
    vault = await _open_vault(settings, database)
    await refuse_other_key(database, vault)
    saved = SqlTemplateStore(database)
    words = JinjaTemplateLibrary(shipped_folder("templates"), saved)
    office = SqlLawStore(database, calendars(), words.step_templates())
    phone_reader = PhoneReader(office, Libphonenumber(), vault)
    return Installation(
        settings=settings,
        database=database,
        clock=clock,
        vault=vault,
        templates=words,
        law_store=office,
        register_deps=RegisterDeps(
            office, SqlRegisterStore(database), phone_reader, vault, clock
        ),
        go_live_deps=GoLiveDeps(office, SqlGoLiveStore(database), phone_reader, clock),
        template_deps=TemplateDeps(office, saved, words, clock, settings.authority),
        pause_store=brakes,
        api_key_store=SqlApiKeyStore(database),
        permit_reader=SqlPermitReader(database),
        explain_store=SqlExplainStore(database),
        count_store=SqlCountStore(database),
        forecast_store=SqlForecastStore(database),
        call_list_store=SqlCallListStore(database),
        audit_store=SqlAuditStore(database),
        receive_store=SqlReceiveStore(database),
        opt_out_deps=OptOutDeps(SqlOptOutStore(database), phone_reader, clock),
        unreachable_deps=UnreachableDeps(
            SqlUnreachableStore(database), phone_reader, clock
        ),
        health=SqlHealth(database),
        report_formatter=Documents(words),
        message_reader=SqlMessageReader(database),
        reminder_reader=SqlReminderReader(database),
        metrics_store=SqlMetricsStore(database),
    )


async def _open_vault(settings: Settings, database: Database) -> Vault:
    if settings.key is not None:
        return Vault.from_keys(settings.key.get_secret_value())
    if database.file is None:
        raise SetUpError(
            "PERMIT_REMINDERS_KEY: set it to base64 of 32 random bytes; only an SQLite "
            "database can keep its key in a file beside it"
        )
    return Vault.from_key_file(database.file, create=not await has_key(database))


async def prepare(settings: Settings, database: Database) -> list[str]:
    """Bring tables and calendars to this release, load shipped rules that are new.

    A rule that is installed stays as it is: `rules diff` tells what the shipped one
    would change. Returns the new versions; raises `SetUpError` for a database of a
    later release.
    """
    await database.upgrade()
    installation = await build_installation(settings, database)
    known = (await installation.law_store.current_law()).rules
    if known:
        await installation.refresh_holidays("db upgrade")
    rules = _shipped_rules(installation.templates).items()
    new = RulesEdit([rule for code, rule in rules if code not in known])
    done = await apply_change(
        new, installation.change_store, installation.clock, by="db upgrade"
    )
    return list(done.installed_versions)


def _shipped_rules(templates: JinjaTemplateLibrary) -> dict[str, Rule]:
    folder = shipped_folder("schedules")
    return read_rules(
        folder, templates=templates.step_templates(), calendars=calendars()
    )


async def upgrade_database(settings: Settings) -> list[str]:
    """Open the database of these settings and `prepare` it."""
    database = Database(settings.database_url)
    try:
        return await prepare(settings, database)
    finally:
        await database.dispose()


async def stored_revision(settings: Settings) -> str | None:
    """The migration that the tables are at; None without tables, and makes no file."""
    if not settings.database_file.exists():
        return None
    database = Database(settings.database_url)
    try:
        return await database.current_migration()
    finally:
        await database.dispose()


def needed_revision() -> str:
    """The migration that this release needs."""
    return newest_migration()
