"""The composition root: the only file that knows every concrete class."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from service.adapters.calendars import calendars
from service.adapters.cipher import Vault
from service.adapters.clock import SimulatedClock, SystemClock
from service.adapters.documents import Documents
from service.adapters.phones import Libphonenumber
from service.adapters.rulefiles import read_authorities, read_rules
from service.adapters.sandboxed import sandbox
from service.adapters.store.audit import AuditStore
from service.adapters.store.brakes import Brakes
from service.adapters.store.counts import CountStore
from service.adapters.store.database import Database
from service.adapters.store.health import Health
from service.adapters.store.keyed import refuse_other_key
from service.adapters.store.keys import KeyStore
from service.adapters.store.messages import MessageStore
from service.adapters.store.office import OfficeStore
from service.adapters.store.permits import PermitStore
from service.adapters.store.received import ReceiveStore
from service.adapters.store.shown import PermitReader
from service.adapters.store.slots import SlotStore
from service.adapters.twilio import Sender, Twilio, twilio
from service.adapters.words import Words
from service.domain.errors import SetUpError
from service.domain.lawbook import Law
from service.domain.rule import Rule
from service.flow.ports import Clock
from service.flow.register import Registration
from service.flow.send import Sending
from service.flow.tick import Pass
from service.settings import Settings, shipped
from service.web.desk import Desk

SANDBOX_NUMBER = "+15005550006"
"""Twilio's own test number that may always send."""


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
    vault = _vault(settings, database)
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


def _vault(settings: Settings, database: Database) -> Vault:
    if settings.key is not None:
        return Vault.from_keys(settings.key.get_secret_value())
    if database.file is None:
        raise SetUpError(
            "PERMIT_REMINDERS_KEY: set it to base64 of 32 random bytes; only an SQLite "
            "database can keep its key in a file beside it"
        )
    return Vault.beside(database.file)


async def prepare(settings: Settings, database: Database) -> list[str]:
    """Bring the tables to this release and load the shipped rules that are new.

    Returns the new versions; raises `SetUpError` for a database of a later release.
    """
    await database.upgrade()
    house = await build(settings, database)
    rules = _shipped_rules(house.words)
    return await house.office.install_rules(list(rules.values()), house.clock.now())


async def shipped_law(settings: Settings) -> Law:
    """The installed law; where there is no database, the shipped one.

    The shipped examples stand in for authorities, so that a date can be explained
    before anything is set up.
    """
    database = Database(settings.database_url)
    try:
        if database.file is None or database.file.exists():
            await database.check()
            return await (await build(settings, database)).office.law()
    finally:
        await database.dispose()
    known = calendars()
    offices = read_authorities(
        shipped("examples") / "authorities.toml", calendars=known
    )
    return Law(_shipped_rules(Words(shipped("templates"))), offices, known)


def _shipped_rules(words: Words) -> dict[str, Rule]:
    folder = shipped("schedules")
    return read_rules(folder, templates=words.names(), calendars=calendars())


@asynccontextmanager
async def provider(
    settings: Settings, database: Database, *, idle: float = 0
) -> AsyncIterator[Twilio]:
    """Who carries SMS by these settings: Twilio, or a sandbox of our own."""
    async with AsyncExitStack() as stack:
        if settings.provider == "twilio":
            sender = _real(settings)
        else:
            folder = (database.file or Path("permit-reminders")).parent / "sandbox"
            address = await stack.enter_async_context(sandbox(folder, idle))
            sender = Sender(
                name="sandbox",
                account_sid=address.account_sid,
                auth_token=address.auth_token,
                user=address.account_sid,
                secret=address.auth_token,
                messaging_service_sid=None,
                from_=SANDBOX_NUMBER,
                api_url=address.url,
                public_url=settings.public_url,
                timeout=settings.post_timeout,
            )
        yield await stack.enter_async_context(twilio(sender))


def _real(settings: Settings) -> Sender:
    given = settings.twilio
    if not (given.account_sid and given.auth_token):
        raise SetUpError("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: set both")
    if bool(given.messaging_service_sid) == bool(given.from_):
        raise SetUpError("TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM: set one")
    if bool(given.api_key) != bool(given.api_secret):
        raise SetUpError("TWILIO_API_KEY and TWILIO_API_SECRET: set both or none")
    secret = given.api_secret or given.auth_token
    return Sender(
        name="twilio",
        account_sid=given.account_sid,
        auth_token=given.auth_token.get_secret_value(),
        user=given.api_key or given.account_sid,
        secret=secret.get_secret_value(),
        messaging_service_sid=given.messaging_service_sid,
        from_=given.from_,
        api_url=given.api_url,
        public_url=settings.public_url,
        timeout=settings.post_timeout,
        proxy=settings.proxy,
    )
