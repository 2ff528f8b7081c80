"""An office with real parts but for its provider, and the rows it leaves behind."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from service.adapters.calendars.holidays import calendars
from service.adapters.clock import SimulatedClock
from service.adapters.phones import Libphonenumber
from service.adapters.store.audit.read_ledger import SqlAuditStore
from service.adapters.store.db.database import Database
from service.adapters.store.failover.servers import SqlFailoverStore
from service.adapters.store.go_live.go_live import SqlGoLiveStore
from service.adapters.store.law.change_store import SqlChangeStore
from service.adapters.store.law.law_store import SqlLawStore
from service.adapters.store.permits.opt_outs import SqlOptOutStore
from service.adapters.store.permits.register import SqlRegisterStore
from service.adapters.store.permits.unreachable import SqlUnreachableStore
from service.adapters.store.sending.breaker import SqlBreakerStore
from service.adapters.store.sending.circuit import SqlCircuitStore
from service.adapters.store.sending.claim.claim_store import SqlClaimStore
from service.adapters.store.sending.claim.own_phone import SqlOwnPhoneStore
from service.adapters.store.sending.leases import SqlLeaseStore
from service.adapters.store.sending.pauses import SqlPauseStore
from service.adapters.store.sending.receive import SqlReceiveStore
from service.adapters.store.sending.settle import SqlSettleStore
from service.adapters.store.slots.expand import SqlExpandStore
from service.adapters.templates.library import JinjaTemplateLibrary
from service.adapters.vault import Vault
from service.domain.delivery.circuit import FIRST_WAIT, PostEvidence
from service.domain.delivery.outcome import (
    AccountMessage,
    Inbound,
    Receipt,
    RefusalKind,
)
from service.domain.delivery.status import MessageState
from service.domain.errors import InvalidError
from service.domain.law_change.edits import Edit
from service.domain.permits.permit import Permit
from service.domain.permits.phone import PhoneLine
from service.domain.permits.row_permit import Withdrawal
from service.domain.reminders.limits import compute_limits
from service.flow.law_change.change import ChangeResult, apply_change, preview_change
from service.flow.office.go_live import GoLiveDeps, go_live
from service.flow.permits.encryption import PHONE_COLUMN
from service.flow.permits.opt_outs import OptOutDeps
from service.flow.permits.phone_reader import PhoneReader
from service.flow.permits.register import RegisterDeps, RegisterSource, register
from service.flow.permits.unreachable import UnreachableDeps
from service.flow.reports.audit import audit_ledger
from service.flow.sending.circuit import open_access
from service.flow.sending.claim_rows import Claim, ClaimRequest, Outcomes, PostProgress
from service.flow.sending.expand import expand
from service.flow.sending.failover.ask_first import FailoverDeps, ask_first
from service.flow.sending.outcomes.receive import (
    poll_receipts,
    receive,
    receive_inbound,
)
from service.flow.sending.outcomes.settle import settle
from service.flow.sending.own_phone.send_test import send_test
from service.flow.sending.plan_claim import ClaimPlanner
from service.flow.sending.post import Poster
from service.flow.sending.provider import Outgoing
from service.flow.sending.send import (
    ClaimStore,
    SendDeps,
    SendResult,
    send,
)
from tests.databases import database_url, query_rows, run_statements
from tests.flow.fakes import LISTED_AT, FakeProvider

OFFICE, FOOD = "990000", "cn-food-production-license"
OPERATOR, INDUSTRY = (
    "cn-special-equipment-operator-certificate",
    "cn-industrial-product-production-license",
)
RULES = (FOOD, OPERATOR, INDUSTRY, "cn-food-business-license")
"""Some of the shipped permit types: reading all of them takes its time."""

EXPIRES = date(2024, 12, 31)

START = datetime(2024, 9, 1, tzinfo=UTC)
"""When the office registers its permits and goes live."""

PREPARE = datetime(2024, 9, 19, 1, 30, tzinfo=UTC)
LAST_CALL = datetime(2024, 11, 11, 1, 30, tzinfo=UTC)
CLOSED = datetime(2024, 11, 18, 16, tzinfo=UTC)
"""The ladder of food production licences that expire on `EXPIRES`."""

PHONE_1, PHONE_2, LANDLINE = "+12125550101", "+12125550102", "+18005550199"

PATIENCE = timedelta(seconds=0.02)

VOUCHER = "SM-voucher"
"""The provider's id of a message that vouches for its list."""

KEY = "1:" + "A" * 43 + "="

LIBRARY = RegisterSource("office")


def _assigned(area: int) -> bool:
    number = f"+1{area}5550101"
    return Libphonenumber().parse(number, "US").line is PhoneLine.MOBILE


AREAS = ("212", *(str(one) for one in range(213, 800) if _assigned(one)))


def phone_for(number: str) -> str:
    """The phone of the permit with this number: PHONE_1 for SC-0001, and so on."""
    area, line = divmod(int(re.sub(r"\D", "", number) or 1), 100)
    return f"+1{AREAS[area % len(AREAS)]}55501{line:02}"


def permit(number: str = "SC-0001", **changed: Any) -> Permit:  # noqa: ANN401 - fields
    """A food production licence, active, with a mobile phone of its own."""
    known = Permit(
        authority=OFFICE,
        rule=FOOD,
        number=number,
        holder=f"Holder of {number}",
        expires_on=EXPIRES,
        phones=(phone_for(number),),
    )
    return replace(known, **changed)


def word(
    state: MessageState | None,
    provider_id: str = "SM1",
    *,
    ref: str | None = None,
    kind: RefusalKind | None = None,
    code: str | None = None,
) -> Receipt:
    """A receipt of the fake provider's."""
    raw = {"MessageStatus": str(state)}
    return Receipt(
        "fake", provider_id, state, raw, message_id=ref, kind=kind, code=code
    )


@dataclass(frozen=True, slots=True)
class Ledger:
    """Drives the flow; reads what it wrote with nothing of ours."""

    file: Path
    database: Database
    clock: SimulatedClock
    provider: FakeProvider
    registration: RegisterDeps
    sending: SendDeps
    vault: Vault
    office: SqlLawStore

    async def register(
        self,
        *permits: Permit,
        source: RegisterSource = LIBRARY,
        leave_out_idle: bool = False,
        withdrawals: Sequence[Withdrawal] = (),
    ) -> list[str | InvalidError]:
        """Take permits in, and withdraw what rows name."""
        return await register(
            *(permits, source, self.registration),
            skip_idle=leave_out_idle,
            withdrawals=withdrawals,
        )

    async def withdraw(self, one: Permit) -> str | None:
        """Withdraw a permit as the API does."""
        return await SqlRegisterStore(self.database).withdraw(
            one.authority, one.rule, one.number, self.clock.now()
        )

    async def expand(self, now: datetime) -> int:
        """Move the clock and expand."""
        self.clock.move_to(now)
        return await expand(SqlExpandStore(self.database), self.clock)

    async def send(self, **changed: Any) -> int:  # noqa: ANN401 - fields
        """Claim, POST and record; some parts may be others."""
        sending = replace(self.sending, **changed)
        return (await self.turn(sending)).posted

    async def turn(self, sending: SendDeps | None = None) -> SendResult:
        """One turn of sending; nothing while the provider is out."""
        deps = sending or self.sending
        access = await open_access(
            deps.circuit_store, self.provider, str(uuid4()), deps.lease
        )
        if access is None:
            return SendResult()
        return await send(deps, self.clock.now(), access)

    async def ask_first(self) -> bool:
        """Ask about what may have been sent before a failover; whether to send."""
        access = await open_access(
            self.sending.circuit_store, self.provider, str(uuid4()), self.sending.lease
        )
        assert access is not None
        now = self.clock.now()
        return await ask_first(self.failover, self.sending, now, access)

    async def send_test(self, phone: str = PHONE_1) -> None:
        """Send a test to a phone, as `test-sms` does."""
        law = await self.office.current_law()
        office = law.sending_office(OFFICE)
        phones = self.registration.phone_reader
        recipient = await phones.read_valid(phone, OFFICE, phone)
        store = SqlOwnPhoneStore(self.database, self.vault, self.provider.name)
        await send_test(recipient, office, self.sending, store, by="tester")

    async def record(
        self, owner: str, outcomes: Outcomes, now: datetime | None = None
    ) -> None:
        """Record outcomes as a worker that POSTed."""
        await self.claims.record_and_begin(
            await self.progress(owner, outcomes=outcomes), now or self.clock.now()
        )

    async def begin(self, owner: str, *group: Outgoing) -> frozenset[str]:
        """Begin messages as a worker that is about to POST them; their ids."""
        progress = await self.progress(owner, group=group)
        begun = await self.claims.record_and_begin(progress, self.clock.now())
        return begun.message_ids

    async def progress(
        self,
        owner: str,
        outcomes: Outcomes = (),
        group: Sequence[Outgoing] = (),
        lease_left: float = 15.0,
    ) -> PostProgress:
        """What a worker records and begins, in the present generation."""
        circuit = await self.sending.circuit_store.load()
        evidence = PostEvidence.of((outcome, False) for _, outcome in outcomes)
        return PostProgress(
            owner, circuit.generation, outcomes, evidence, group, lease_left
        )

    async def send_at(self, now: datetime) -> int:
        """Expand and send at an instant; how many were POSTed."""
        await self.expand(now)
        return await self.send()

    async def claim(
        self, most: int = 200, lease: float = 60.0, store: ClaimStore | None = None
    ) -> Claim:
        """Claim as a worker of its own, or as that of a store; leave it at that."""
        law, now = await self.office.current_law(), self.clock.now()
        limits = compute_limits(law.authorities.values(), now)
        planning = ClaimPlanner(law, self.sending.templates, now)
        how = ClaimRequest(
            owner=str(uuid4()),
            lease=lease,
            generation=(await self.sending.circuit_store.load()).generation,
            max_messages=most,
            checked_until=now,
            law_digest=law.digest,
            offices=law.sending_offices(),
            has_exclusive_senders=self.provider.has_exclusive_senders,
            limits=limits,
            plan=partial(planning.plan, limits=limits, max_messages=most),
        )
        return await (store or self.claims).claim(how, now)

    async def settle(
        self, patience: timedelta = PATIENCE, *, is_vouched: bool = True
    ) -> None:
        """End leases, and ask the provider once about every unknown outcome.

        `is_vouched`: meanwhile its list shows another message to +1, accepted just now.
        """
        await self.leases.expire_leases(self.clock.now())
        if is_vouched:
            self._vouch()
        await settle(
            self.unknown,
            provider=self.provider,
            vault=self.vault,
            clock=self.clock,
            settle_after=patience,
        )
        self.provider.others.clear()
        self.tamper(f"DELETE FROM messages WHERE provider_id = '{VOUCHER}'")  # noqa: S608 - our own words

    def _vouch(self) -> None:
        """Accept a message that nobody knows of but the provider, and its row."""
        rows = self.rows("SELECT * FROM messages ORDER BY id DESC LIMIT 1")
        for row in rows:
            made = row | {
                "id": uuid4().hex,
                "provider_id": VOUCHER,
                "body": VOUCHER,
                "state": "delivered",
                "rank": 3,
                "accepted_at": row["claimed_at"],
            }
            phone = "SELECT phone FROM recipients WHERE id = ?"
            [found] = self.rows(phone, row["recipient_id"])
            to = self.vault.decrypt(found["phone"], PHONE_COLUMN)
            names = ", ".join(made)
            marks = ", ".join("?" * len(made))
            run_statements(
                self.file,
                (f"INSERT INTO messages ({names}) VALUES ({marks})",),  # noqa: S608 - columns of the table
                (*made.values(),),
            )
            self.provider.others.append(AccountMessage(VOUCHER, to, VOUCHER, LISTED_AT))

    async def receive(self, *receipts: Receipt) -> int:
        """Take receipts in one call."""
        return await receive(receipts, SqlReceiveStore(self.database), self.clock)

    async def hear(
        self,
        body: str,
        sender: str = PHONE_1,
        sid: str = "IN1",
        opt_out: str | None = None,
    ) -> bool:
        """Take a text from a phone; `opt_out` is what the provider has read in it."""
        inbound = Inbound("fake", sid, sender, body, {}, opt_out)
        phones = self.registration.phone_reader
        store = SqlReceiveStore(self.database)
        return await receive_inbound(inbound, store, phones, self.vault, self.clock)

    @property
    def change_store(self) -> SqlChangeStore:
        """Where the law is changed."""
        return SqlChangeStore(self.database, self.office)

    async def change(self, edit: Edit, force: str | None = None) -> ChangeResult:
        """Change the law as the command does."""
        return await apply_change(
            edit, self.change_store, self.clock, by="tester", force_reason=force
        )

    async def preview(self, edit: Edit) -> ChangeResult:
        """Say what a change of the law would do."""
        return await preview_change(edit, self.change_store, self.clock)

    async def poll(self, grace: timedelta = timedelta()) -> int:
        """Ask the provider after messages without a final word."""
        return await poll_receipts(
            self.provider, SqlReceiveStore(self.database), self.clock, grace
        )

    async def audit(self) -> list[str]:
        """Every difference in the ledger."""
        return await audit_ledger(SqlAuditStore(self.database), self.office, self.vault)

    @property
    def claims(self) -> SqlClaimStore:
        """The store that claims for this provider and records its answers."""
        return SqlClaimStore(self.database, self.vault, self.provider.name, FIRST_WAIT)

    @property
    def leases(self) -> SqlLeaseStore:
        """The store that ends leases."""
        return SqlLeaseStore(self.database)

    @property
    def unknown(self) -> SqlSettleStore:
        """The store of this provider's messages with an unknown outcome."""
        return SqlSettleStore(self.database, self.provider.name)

    @property
    def failover(self) -> FailoverDeps:
        """What ending the doubt after a failover needs."""
        return FailoverDeps(
            SqlFailoverStore(self.database, 3600.0),
            SqlReceiveStore(self.database),
            self.registration.phone_reader,
        )

    @property
    def brakes(self) -> SqlPauseStore:
        """Pausing and resuming."""
        return SqlPauseStore(self.database)

    @property
    def consent(self) -> OptOutDeps:
        """What opting out needs."""
        return OptOutDeps(
            SqlOptOutStore(self.database), self.registration.phone_reader, self.clock
        )

    @property
    def reach(self) -> UnreachableDeps:
        """What asking for the unreachable needs."""
        return UnreachableDeps(
            SqlUnreachableStore(self.database),
            self.registration.phone_reader,
            self.clock,
        )

    @property
    def going_live(self) -> GoLiveDeps:
        """What going live needs."""
        store, reader = SqlGoLiveStore(self.database), self.registration.phone_reader
        return GoLiveDeps(self.office, store, reader, self.clock)

    async def go_live(
        self,
        *codes: str,
        live_from: datetime | None = None,
        catch_up_days: int = 0,
        authority: str = OFFICE,
    ) -> int:
        """Go live with some types in the office, as somebody approved it."""
        return await go_live(
            authority,
            codes,
            self.going_live,
            live_from=live_from,
            approved_by="test",
            catch_up_days=catch_up_days,
            by="test",
        )

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What a query finds, read by nothing of ours."""
        return query_rows(self.file, query, values)

    def tamper(self, *statements: str) -> int:
        """Change rows by hand, guarded by nothing; how many rows."""
        return run_statements(self.file, statements)

    def reminders(self, number: str = "SC-0001") -> dict[str, tuple[str, str | None]]:
        """State and reason of each step of a permit's present or past expiry dates."""
        found = self.rows(
            "SELECT r.* FROM reminders r JOIN permits p ON p.id = r.permit_id "
            "WHERE p.shown_number = ? ORDER BY r.expires_on, r.due_at",
            number,
        )
        present = {row["expires_on"] for row in found} == {str(EXPIRES)}
        return {
            row["step"] if present else f"{row['step']} {row['expires_on']}": (
                row["state"],
                row["reason"],
            )
            for row in found
        }

    def states(self) -> list[str]:
        """The states of all messages in the order of their claims."""
        return [row["state"] for row in self.rows("SELECT * FROM messages ORDER BY id")]

    def message(self) -> Mapping[str, Any]:
        """The only message."""
        [row] = self.rows("SELECT * FROM messages")
        return row

    def alarms(self) -> list[str]:
        """What somebody must look at."""
        return [
            row["what"]
            for row in self.rows("SELECT * FROM actions WHERE by = 'service'")
        ]

    def phone_of(self, number: str) -> bytes:
        """The digest a phone is found by."""
        return self.vault.digest(number, PHONE_COLUMN)


def open_ledger(
    file: Path,
    words: JinjaTemplateLibrary,
    now: datetime = START,
    url: str | None = None,
) -> Ledger:
    """An office on a database whose tables stand: the file's, or that of an address."""
    database = Database(url or database_url(file))
    clock, vault, provider = SimulatedClock(now), Vault.from_keys(KEY), FakeProvider()
    office = SqlLawStore(database, calendars(), words.step_templates())
    phone_reader = PhoneReader(office, Libphonenumber(), vault)
    registration = RegisterDeps(
        office, SqlRegisterStore(database), phone_reader, vault, clock
    )
    sending = SendDeps(
        law_store=office,
        store=SqlClaimStore(database, vault, provider.name, FIRST_WAIT),
        circuit_store=SqlCircuitStore(database, provider.name, FIRST_WAIT),
        templates=words,
        poster=Poster(provider, vault),
        clock=clock,
        lease=60.0,
        post_timeout=10.0,
        breaker_store=SqlBreakerStore(database),
    )
    return Ledger(file, database, clock, provider, registration, sending, vault, office)


def lost(ledger: Ledger) -> None:
    """Every phone is nobody's, as its provider said, and what was due has ended so."""
    ledger.tamper(
        "UPDATE recipients SET unreachable_at = '2024-09-18 00:00:00.000000', "
        "unreachable_by = '30005'",
        "INSERT INTO reminder_events "
        "(permit_id, expires_on, step, at, state, reason) "
        "SELECT permit_id, expires_on, step, state_at, 'suppressed', "
        "'no reachable number' "
        "FROM reminders WHERE state = 'due'",
        "UPDATE reminders SET state = 'suppressed', "
        "reason = 'no reachable number' WHERE state = 'due'",
    )
