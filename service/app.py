"""The composition root: the only file that knows every concrete class."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from service.adapters.calendars import calendars
from service.adapters.cipher import Vault
from service.adapters.clock import SimulatedClock, SystemClock
from service.adapters.documents import Documents
from service.adapters.phones import Libphonenumber
from service.adapters.rulefiles import read_rules
from service.adapters.store.audit import AuditStore
from service.adapters.store.brakes import Brakes
from service.adapters.store.counts import CountStore
from service.adapters.store.database import Database
from service.adapters.store.health import Health
from service.adapters.store.keyed import has_key, refuse_other_key
from service.adapters.store.keys import KeyStore
from service.adapters.store.messages import MessageStore
from service.adapters.store.office import OfficeStore
from service.adapters.store.permits import PermitStore
from service.adapters.store.received import ReceiveStore
from service.adapters.store.shown import PermitReader
from service.adapters.store.slots import SlotStore
from service.adapters.twilio import Twilio
from service.adapters.words import Words
from service.domain.errors import SetUpError
from service.domain.rule import Rule
from service.flow.ports import Clock
from service.flow.register import Registration
from service.flow.send import Sending
from service.flow.tick import Pass
from service.settings import Settings, shipped
from service.web.desk import Desk


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
    brakes: Brakes
    keys: KeyStore
    permits: PermitReader
    counts: CountStore
    auditing: AuditStore
    receiving: ReceiveStore
    health: Health
    documents: Documents

    def carrying(self, provider: Twilio) -> Pass:
        """The journey, with somebody to carry the messages."""
        store = MessageStore(self.database, self.vault, provider.name)
        sending = Sending(
            laws=self.office,
            store=store,
            vault=self.vault,
            words=self.words,
            provider=provider,
            clock=self.clock,
            lease=self.settings.lease,
            post_timeout=self.settings.post_timeout,
        )
        return Pass(
            sending=sending,
            expanding=SlotStore(self.database),
            settling=store,
            receiving=self.receiving,
            settle_after=timedelta(seconds=self.settings.settle),
            poll_after=timedelta(hours=1 if self.settings.public_url else 0),
        )

    def desk(self, provider: Twilio) -> Desk:
        """What the web answers from."""
        return Desk(
            registration=self.registration,
            laws=self.office,
            permits=self.permits,
            counts=self.counts,
            keys=self.keys,
            health=self.health,
            documents=self.documents,
            receiving=self.receiving,
            vault=self.vault,
            clock=self.clock,
            provider=provider,
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
    words = Words(shipped("templates"))
    office = OfficeStore(database, calendars(), words.names())
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
        brakes=brakes,
        keys=KeyStore(database),
        permits=PermitReader(database),
        counts=CountStore(database),
        auditing=AuditStore(database),
        receiving=ReceiveStore(database),
        health=Health(database),
        documents=Documents(words),
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
    """Bring the tables to this release and load the shipped rules that are new.

    Returns the new versions; raises `SetUpError` for a database of a later release.
    """
    await database.upgrade()
    house = await build(settings, database)
    rules = _shipped_rules(house.words)
    return await house.office.install_rules(list(rules.values()), house.clock.now())


def _shipped_rules(words: Words) -> dict[str, Rule]:
    folder = shipped("schedules")
    return read_rules(folder, templates=words.names(), calendars=calendars())
