"""`SqlOwnPhoneStore`: tests to clerks' own phones, and how counts leave them out."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import actions, messages, recipients
from service.adapters.store.db.types import database_now
from service.adapters.store.permits.recipients import ensure_recipient_ids
from service.adapters.store.sending.circuit import load_row, may_send
from service.domain.delivery.status import RANK, MessageState
from service.domain.errors import ConflictError
from service.domain.messages.segments import measure
from service.domain.messages.test_text import TEST_RULE, TEST_TEMPLATE
from service.flow.ports import Vault
from service.flow.sending.own_phone.send_test import OwnPhoneStore, TextToClaim
from service.flow.sending.provider import Outgoing

IS_TO_HOLDER: Final = messages.c.rule != TEST_RULE
"""Messages that count: all but tests."""

_ACTION: Final = "test sms"
"""What the action log says of a test; the detail names its message."""

_ATTEMPT: Final = 1


class SqlOwnPhoneStore(OwnPhoneStore):
    """Inserts the messages of tests, which have no reminders."""

    def __init__(self, database: Database, vault: Vault, provider: str) -> None:
        self._database = database
        self._vault = vault
        self._provider = provider

    async def claim(self, text: TextToClaim, now: datetime) -> Outgoing:
        """Insert a message that is not begun, and log who sends it."""
        message_id, phone, office = str(uuid7()), text.phone, text.office
        async with self._database.write() as connection:
            circuit = await load_row(connection, self._provider)
            if not may_send(circuit, text.owner, text.generation):
                raise ConflictError(f"{self._provider}: is out; try again later")
            ids = await ensure_recipient_ids(connection, [phone])
            recipient_id = ids[phone.digest]
            known = select(recipients, database_now().label("clock")).where(
                recipients.c.id == recipient_id
            )
            row = (await connection.execute(known)).one()
            if row.opted_out_at is not None:
                raise ConflictError(
                    f"{phone.masked}: has opted out; permit-reminders opt-outs lift "
                    "PHONE, if its owner asks for it"
                )
            seal = self._vault.compute_mac([message_id, recipient_id, text.body])
            await connection.execute(
                insert(messages).values(
                    id=message_id,
                    authority=office.code,
                    office=office.code,
                    rule=TEST_RULE,
                    recipient_id=recipient_id,
                    template=TEST_TEMPLATE,
                    template_version=0,
                    language=office.language,
                    body=text.body,
                    segments=measure(text.body).segments,
                    seal=seal.hex(),
                    provider=self._provider,
                    state=MessageState.SENDING,
                    rank=RANK[MessageState.SENDING],
                    claimed_at=now,
                    owner=text.owner,
                    attempt=_ATTEMPT,
                    posted_after=row.clock,
                    lease_until=row.clock + timedelta(seconds=text.lease),
                    begun=False,
                )
            )
            detail = {"phone": phone.masked, "message": message_id}
            await log_action(connection, now, text.by, _ACTION, detail)
        return Outgoing(
            id=message_id,
            attempt=_ATTEMPT,
            encrypted_phone=row.phone,
            body=text.body,
            template=TEST_TEMPLATE,
            language=office.language,
            valid_for=text.valid_for,
            sent_from=office.sent_from,
        )


async def list_tests(connection: AsyncConnection) -> list[str]:
    """The ids of the messages that were tests; some may have been given back."""
    logged = select(actions.c.detail).where(actions.c.what == _ACTION)
    return [one["message"] for one in (await connection.execute(logged)).scalars()]
