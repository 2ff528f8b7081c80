"""Sends messages as files: spooled one by one, handed over together."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from service.adapters.sms_platform.files.folder import HandOverFolder, place_file
from service.adapters.sms_platform.files.sheets import build_file, message_row
from service.adapters.sms_platform.files.spool import (
    FileBatch,
    NotSpooledError,
    ReplacedSpoolError,
    Spool,
)
from service.adapters.sms_platform.format.model import FileFormat
from service.adapters.sms_platform.message_fields import (
    PlatformMessage,
    UnfitMessageError,
    to_platform_message,
)
from service.adapters.sms_platform.results.receipt import PROVIDER_NAME
from service.adapters.sms_platform.results.webhook import ResultsWebhook
from service.domain.delivery.outcome import (
    Accepted,
    Inbound,
    ListedMessage,
    NotPosted,
    Outcome,
    Receipt,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.delivery.retry import UNPOSTABLE_WAIT
from service.domain.delivery.status import MessageState
from service.flow.monotonic import monotonic_now
from service.flow.ports import Clock
from service.flow.sending.provider import (
    AccountListing,
    Listing,
    OpenMessage,
    Outgoing,
)

TOO_LATE: Final = "no time is left to send it in"

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class FileProvider:
    """A `Provider` whose accepted messages are in the spool, then in exactly one file.

    `executor` has the only thread that uses the spool; `timeout` is in seconds.
    """

    file_format: FileFormat
    folder: HandOverFolder
    spool: Spool
    executor: Executor
    clock: Clock
    timeout: float
    webhook: ResultsWebhook
    name: str = PROVIDER_NAME
    finds_by_our_id: bool = True
    has_exclusive_senders: bool = False

    async def send(self, message: Outgoing) -> Outcome:
        """Spool a message; refuses one that the format cannot represent."""
        if message.valid_for <= self.timeout:
            return NotPosted(TOO_LATE, UNPOSTABLE_WAIT)
        now = self.clock.now()
        spooled = to_platform_message(message, now)
        try:
            message_row(self.file_format, spooled)
            deadline = monotonic_now() + self.timeout
            if message.post_until is not None:
                deadline = min(deadline, message.post_until)
            add = partial(self.spool.add, spooled, now, deadline)
            await self._in_thread(add)
        except UnfitMessageError as error:
            return Refused(error.kind, error.code, error.reason)
        except NotSpooledError as error:
            return Refused(RefusalKind.RETRY_SAFE, "spool", str(error), is_outage=True)
        except sqlite3.Error as error:
            return Unknown(f"spool: {type(error).__name__}")
        return Accepted(message.id)

    async def is_answering(self) -> bool:
        """Return True: the spool is ours, and a message has to try it."""
        return True

    async def flush(self) -> None:
        """Hand over a file of all spooled messages; after a failure, call it again.

        Files that a killed process wrote and did not place come first.
        """
        try:
            await self._in_thread(self._hand_over)
        except (OSError, sqlite3.Error):
            log.exception("outbox: messages wait to be handed over")

    async def find(
        self,
        message: OpenMessage,
        phone: str,  # noqa: ARG002 - found by its id
    ) -> Listing | None:
        """Return the message if it was spooled; None if the spool proves nothing.

        The spool keeps every id, so it is complete as long as it is the spool that it
        was: it has the message that the ledger knows to have been accepted last before
        this one. One that was emptied, or restored from a copy, has not.
        """
        try:
            at = await self._in_thread(
                partial(self.spool.spooled_at, message.id, known=message.known_id)
            )
        except (sqlite3.Error, ReplacedSpoolError) as error:
            log.warning("outbox: the spool cannot be asked: %s", type(error).__name__)
            return None
        found = [ListedMessage(message.id, MessageState.ACCEPTED, at)] if at else []
        return Listing(found)

    async def list_since(self, since: datetime) -> AccountListing | None:  # noqa: ARG002
        """Return None: the spool does not keep phones; `find` is enough."""
        return None

    async def fetch_receipt(self, provider_id: str) -> Receipt | None:
        """Return whether the message was left out of its file; None if unknown."""
        receipts = await self.fetch_receipts([provider_id], self.clock.now())
        return receipts[0] if receipts else None

    async def fetch_receipts(
        self,
        provider_ids: Collection[str],
        since: datetime,  # noqa: ARG002 - ids are enough
    ) -> Sequence[Receipt] | None:
        """Return the same for many messages; delivery is known from results only."""
        try:
            known = await self._in_thread(
                partial(self.spool.left_out_reasons, provider_ids)
            )
        except sqlite3.Error as error:
            log.warning("outbox: the spool cannot be asked: %s", type(error).__name__)
            return None
        return [_receipt_of(*one) for one in known.items()]

    def parse(
        self, headers: Mapping[str, str], body: bytes, path: str
    ) -> Receipt | Inbound:
        """Return the receipt of a posted result after checking its secret."""
        return self.webhook.parse(headers, body, path)

    async def _in_thread(self, task: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.executor, task)

    def _hand_over(self) -> None:
        self._place_files()
        self.spool.make_batch(partial(self._make_file, self.clock.now()))
        self._place_files()
        self.spool.checkpoint()

    def _place_files(self) -> None:
        for path in self.spool.unplaced_files():
            place_file(path)
            self.spool.mark_placed(path)
            log.info("outbox: %s is there", path.name)

    def _make_file(
        self, now: datetime, number: int, messages: Sequence[PlatformMessage]
    ) -> FileBatch:
        rows, left_out = list[list[str]](), dict[str, str]()
        for message in messages:
            try:
                _refuse_expired(message, now)
                rows.append(message_row(self.file_format, message))
            except UnfitMessageError as error:
                left_out[message.id] = error.reason
                log.warning("outbox: message %s: %s", message.id, error.reason)
        if not rows:
            return FileBatch(number, None, left_out)
        while (self.folder.path / self._file_name(number)).exists():
            number += 1
        path = self.folder.write(
            self._file_name(number), build_file(self.file_format, rows)
        )
        return FileBatch(number, path, left_out)

    def _file_name(self, number: int) -> str:
        return f"reminders-{number:06}.{'csv' if self.file_format.csv else 'xlsx'}"


def _refuse_expired(message: PlatformMessage, now: datetime) -> None:
    """Refuse a message that expired in the spool of a killed process."""
    if message.valid_until <= now:
        raise UnfitMessageError(RefusalKind.RETRY_LATER, "late", TOO_LATE)


def _receipt_of(message_id: str, left_out: str | None) -> Receipt:
    state = MessageState.CANCELED if left_out else MessageState.ACCEPTED
    return Receipt(PROVIDER_NAME, message_id, state, {"outbox": left_out or "taken"})
