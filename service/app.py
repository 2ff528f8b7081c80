"""The composition root: the only file that knows every concrete class."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from service.adapters.calendars.holidays import as_known, calendars
from service.adapters.clock import SimulatedClock, SystemClock
from service.adapters.documents import Documents
from service.adapters.phones import Libphonenumber
from service.adapters.rules.files import read_rules
from service.adapters.store.audit.read_ledger import AuditStore
from service.adapters.store.db.database import Database, newest
from service.adapters.store.db.health import Health
from service.adapters.store.db.key_check import has_key, refuse_other_key
from service.adapters.store.go_live.go_live import GoLiveStore
from service.adapters.store.go_live.preview import WaitingStore
from service.adapters.store.law.law_store import OfficeStore
from service.adapters.store.office.api_keys import KeyStore
from service.adapters.store.office.templates import TemplateStore
from service.adapters.store.permits.opt_outs import ConsentStore
from service.adapters.store.permits.reader import PermitReader
from service.adapters.store.permits.register import PermitStore
from service.adapters.store.permits.unreachable import ReachStore
from service.adapters.store.reminders.reader import ReminderReader
from service.adapters.store.reports.call_list import CallReader
from service.adapters.store.reports.counts import CountStore
from service.adapters.store.reports.explain import ExplainStore
from service.adapters.store.reports.forecast import ForecastStore
from service.adapters.store.reports.metrics import Meter
from service.adapters.store.sending.breaker import WatchStore
from service.adapters.store.sending.pauses import Brakes
from service.adapters.store.sending.reader import MessageReader
from service.adapters.store.sending.receive import ReceiveStore
from service.adapters.store.sending.resolve import ResolveStore
from service.adapters.store.sending.settle import MessageStore
from service.adapters.store.sending.volume_guard import VolumeStore
from service.adapters.store.slots.expand import SlotStore
from service.adapters.templates.library import Words
from service.adapters.vault import Vault
from service.domain.errors import SetUpError
from service.domain.law.rule import Rule
from service.domain.law_change.edits import Apply
from service.flow.law_change.change import change
from service.flow.law_change.refresh_holidays import refresh
from service.flow.office.go_live import GoingLive
from service.flow.office.preview_go_live import Foretelling
from service.flow.office.templates import Rewording
from service.flow.permits.opt_outs import Consent
from service.flow.permits.read_phone import Dialling
from service.flow.permits.register import Registration
from service.flow.permits.unreachable import Reach
from service.flow.ports import Clock, Provider
from service.flow.sending.pause import Braking
from service.flow.sending.post import Poster, Posting
from service.flow.sending.resolve import Resolving
from service.flow.sending.send import Sending
from service.flow.sending.tick import Pass
from service.flow.sending.volume_guard import Guarding
from service.flow.stop_signal import Stopping, never
from service.settings import Settings, shipped
from service.web.services import Desk, Failing, never_failing

_log = structlog.get_logger("service.calendars")


@dataclass(frozen=True, slots=True)
class House:
    """One installation, opened."""

    settings: Settings
    database: Database
    clock: Clock
    vault: Vault
    words: Words
    office: OfficeStore
    registration: Registration
    going_live: GoingLive
    rewording: Rewording
    brakes: Brakes
    keys: KeyStore
    permits: PermitReader
    explaining: ExplainStore
    counts: CountStore
    forecasting: ForecastStore
    calling: CallReader
    auditing: AuditStore
    receiving: ReceiveStore
    consent: Consent
    reach: Reach
    health: Health
    documents: Documents
    messages: MessageReader
    reminders: ReminderReader
    meter: Meter

    def carrying(self, provider: Provider, stopping: Stopping = never) -> Pass:
        """The journey, with somebody to carry the messages, until told to stop."""
        return self.posting(Posting(provider, self.vault, stopping=stopping))

    def posting(self, posting: Poster) -> Pass:
        """The journey, with somebody who POSTs to who carries the messages."""
        store = MessageStore(self.database, self.vault, posting.provider.name)
        sending = Sending(
            laws=self.office,
            store=store,
            words=self.words,
            posting=posting,
            clock=self.clock,
            lease=self.settings.lease,
            post_timeout=self.settings.post_timeout,
            watching=WatchStore(self.database),
        )
        return Pass(
            sending=sending,
            guarding=Guarding(self.office, VolumeStore(self.database), self.clock),
            expanding=SlotStore(self.database),
            settling=store,
            receiving=self.receiving,
            settle_after=timedelta(seconds=self.settings.settle),
            poll_after=timedelta(hours=1 if self.settings.public_url else 0),
        )

    async def refresh(self, by: str) -> None:
        """Date permits anew where a release of the holidays knows more than they."""
        done = await refresh(self.office, self.clock, as_known, by=by)
        if done:
            told = done.plan.impact
            _log.info(
                "calendars refreshed",
                permits=told.permits,
                exact=told.exact,
                corrected=told.corrected,
                objections=list(done.plan.objections),
            )

    def foretelling(self) -> Foretelling:
        """What a look at going live needs."""
        return Foretelling(
            laws=self.office,
            starts=self.going_live.store,
            store=WaitingStore(self.database),
            words=self.words,
            clock=self.clock,
        )

    def braking(self) -> Braking:
        """What stopping and resuming by hand needs."""
        return Braking(self.office, self.brakes, self.clock)

    def resolving(self) -> Resolving:
        """What deciding an unknown outcome by hand needs."""
        patience = timedelta(seconds=self.settings.settle)
        return Resolving(ResolveStore(self.database), self.clock, patience)

    def desk(self, provider: Provider, failing: Failing = never_failing) -> Desk:
        """What the web answers from; `failing` says why passes fail, where they do."""
        return Desk(
            registration=self.registration,
            going_live=self.going_live,
            rewording=self.rewording,
            laws=self.office,
            changes=self.office,
            templates=self.words.names(),
            permits=self.permits,
            explaining=self.explaining,
            counts=self.counts,
            forecasting=self.forecasting,
            keys=self.keys,
            health=self.health,
            documents=self.documents,
            receiving=self.receiving,
            consent=self.consent,
            reach=self.reach,
            messages=self.messages,
            reminders=self.reminders,
            meter=self.meter,
            braking=self.braking(),
            resolving=self.resolving(),
            vault=self.vault,
            clock=self.clock,
            provider=provider,
            failing=failing,
            default_authority=self.settings.authority,
        )


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """The installation of these settings; raises `SetUpError` where it is not ready."""
    database = Database(settings.database_url)
    try:
        await database.check()
        yield await build(settings, database)
    finally:
        await database.dispose()


async def build(settings: Settings, database: Database) -> House:
    """Join the parts around a database whose tables stand."""
    brakes = Brakes(database)
    simulated_now = await brakes.simulated_now()
    clock = SimulatedClock(simulated_now) if simulated_now else SystemClock()
    vault = await _vault(settings, database)
    await refuse_other_key(database, vault)
    saved = TemplateStore(database)
    words = Words(shipped("templates"), saved)
    office = OfficeStore(database, calendars(), words.names())
    dialling = Dialling(office, Libphonenumber(), vault)
    return House(
        settings=settings,
        database=database,
        clock=clock,
        vault=vault,
        words=words,
        office=office,
        registration=Registration(
            office, PermitStore(database), Libphonenumber(), vault, clock
        ),
        going_live=GoingLive(
            office, GoLiveStore(database), Libphonenumber(), vault, clock
        ),
        rewording=Rewording(office, saved, words, clock, settings.authority),
        brakes=brakes,
        keys=KeyStore(database),
        permits=PermitReader(database),
        explaining=ExplainStore(database),
        counts=CountStore(database),
        forecasting=ForecastStore(database),
        calling=CallReader(database),
        auditing=AuditStore(database),
        receiving=ReceiveStore(database),
        consent=Consent(ConsentStore(database), dialling, clock),
        reach=Reach(ReachStore(database), dialling, clock),
        health=Health(database),
        documents=Documents(words),
        messages=MessageReader(database),
        reminders=ReminderReader(database),
        meter=Meter(database),
    )


async def _vault(settings: Settings, database: Database) -> Vault:
    if settings.key is not None:
        return Vault.from_keys(settings.key.get_secret_value())
    if database.file is None:
        raise SetUpError(
            "PERMIT_REMINDERS_KEY: set it to base64 of 32 random bytes; only an SQLite "
            "database can keep its key in a file beside it"
        )
    return Vault.beside(database.file, new=not await has_key(database))


async def prepare(settings: Settings, database: Database) -> list[str]:
    """Bring tables and calendars to this release, load shipped rules that are new.

    A rule that is installed stays as it is: `rules diff` tells what the shipped one
    would change. Returns the new versions; raises `SetUpError` for a database of a
    later release.
    """
    await database.upgrade()
    house = await build(settings, database)
    known = (await house.office.law()).rules
    if known:
        await house.refresh("db upgrade")
    rules = _shipped_rules(house.words).items()
    new = Apply([rule for code, rule in rules if code not in known])
    done = await change(new, house.office, house.clock, by="db upgrade")
    return list(done.installed)


def _shipped_rules(words: Words) -> dict[str, Rule]:
    folder = shipped("schedules")
    return read_rules(folder, templates=words.names(), calendars=calendars())


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
        return await database.revision()
    finally:
        await database.dispose()


def needed_revision() -> str:
    """The migration that this release needs."""
    return newest()
