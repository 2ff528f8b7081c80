"""Messages that leave as files: spooled one by one, handed over together."""

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
from service.adapters.sms_platform.files.spool import FileBatch, NotSpooledError, Spool
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
from service.domain.delivery.status import MessageState
from service.flow.ports import Clock
from service.flow.sending.post import monotonic_now
from service.flow.sending.provider import OpenMessage, Outgoing

TOO_LATE: Final = "no time is left to send it in"

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class FileProvider:
    """A `Provider`: what it accepts is in the spool, and then in one file.

    `thread` is the only one that touches the spool; `timeout` is in seconds.
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

    async def send(self, message: Outgoing) -> Outcome:
        """Spool a message, unless its time is over or the format cannot hold it."""
        if message.valid_for <= self.timeout:
            return NotPosted(TOO_LATE)
        now = self.clock.now()
        slip = to_platform_message(message, now)
        try:
            message_row(self.file_format, slip)
            before = monotonic_now() + self.timeout
            if message.post_until is not None:
                before = min(before, message.post_until)
            add = partial(self.spool.add, slip, now, before)
            await self._in_thread(add)
        except UnfitMessageError as error:
            return Refused(error.kind, error.code, error.reason)
        except NotSpooledError as error:
            return Refused(RefusalKind.RETRY_SAFE, "spool", str(error))
        except sqlite3.Error as error:
            return Unknown(f"spool: {type(error).__name__}")
        return Accepted(message.id)

    async def flush(self) -> None:
        """Make a file of what is spooled; where that fails, the next call tries again.

        What was made before, by a process that is no more, appears first.
        """
        try:
            await self._in_thread(self._hand_over)
        except (OSError, sqlite3.Error):
            log.exception("outbox: messages wait to be handed over")

    async def find(
        self,
        message: OpenMessage,
        phone: str,  # noqa: ARG002 - its id says more than its phone
    ) -> Sequence[ListedMessage] | None:
        """Whether the message was spooled: a fact, by its id."""
        try:
            at = await self._in_thread(partial(self.spool.spooled_at, message.id))
        except sqlite3.Error as error:
            log.warning("outbox: the spool cannot be asked: %s", type(error).__name__)
            return None
        return (
            [] if at is None else [ListedMessage(message.id, MessageState.ACCEPTED, at)]
        )

    async def fetch_receipt(self, provider_id: str) -> Receipt | None:
        """Whether it leaves, or was left out of its file."""
        told = await self.fetch_receipts([provider_id], self.clock.now())
        return told[0] if told else None

    async def fetch_receipts(
        self,
        provider_ids: Collection[str],
        since: datetime,  # noqa: ARG002 - ids are enough
    ) -> Sequence[Receipt] | None:
        """The same for many; what became of them later, only results tell."""
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
        """A result that the platform posts, its secret checked."""
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
        self, now: datetime, number: int, slips: Sequence[PlatformMessage]
    ) -> FileBatch:
        rows, left_out = list[list[str]](), dict[str, str]()
        for slip in slips:
            try:
                _refuse_expired(slip, now)
                rows.append(message_row(self.file_format, slip))
            except UnfitMessageError as error:
                left_out[slip.id] = error.reason
                log.warning("outbox: message %s: %s", slip.id, error.reason)
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
    """It may have waited in the spool of a process that was killed."""
    if message.valid_until <= now:
        raise UnfitMessageError(RefusalKind.RETRY_LATER, "late", TOO_LATE)


def _receipt_of(slip_id: str, left_out: str | None) -> Receipt:
    state = MessageState.CANCELED if left_out else MessageState.ACCEPTED
    return Receipt(PROVIDER_NAME, slip_id, state, {"outbox": left_out or "taken"})
