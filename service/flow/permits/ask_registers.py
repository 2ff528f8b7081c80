"""Registers asked about permits just before these are texted.

A claim notes the permits whose registers want to be asked. Here they are asked, outside
any transaction, and what they say is registered like a row of their files, so that a
renewal or a withdrawal ends the reminder by the rules for any change of a permit.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from service.domain.errors import InvalidError
from service.domain.lawbook.law import Law
from service.domain.permits.lookup import Answer
from service.domain.permits.permit import Permit
from service.domain.permits.row_permit import Withdrawal
from service.flow.monotonic import monotonic_now
from service.flow.permits.encryption import NUMBER_COLUMN
from service.flow.permits.register import RegisterDeps, RegisterSource, register
from service.flow.stop_signal import StopSignal

log = logging.getLogger(__name__)

MOST_ASKED: Final = 100
"""Permits about which one pass asks one register."""

LONGEST_ASKING: Final = 6.0
"""Seconds of a pass for questions: one that times out, and a little. Texts that need
none go out before, and others that fall due meanwhile wait as long at most."""

OUTAGE: Final = 3
"""Questions in a row without an answer after which a pass asks a register no more."""

_LOOK_AROUND: Final = 0.1
"""Seconds after which asking looks whether the process has to stop."""


@dataclass(frozen=True, slots=True)
class Question:
    """A permit to ask about; only a personal number is an `encrypted_number`."""

    permit_id: str
    authority: str
    rule: str
    number_key: str
    encrypted_number: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class RegisterQuestions:
    """A register, the mapping that declares its look-up, and what to ask it."""

    register: str
    mapping: Mapping[str, object]
    at_once: int
    questions: Sequence[Question]


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No usable answer: why, in words without personal data.

    `is_outage`: nobody answered, as would be so for other permits.
    """

    cause: str
    is_outage: bool = False


Reply = Permit | Withdrawal | NoAnswer | None
"""What a register says of a permit; None if it does not have it."""

Ask = Callable[[Question, str], Awaitable[Reply]]
"""Asks about a permit, given its number. Never raises."""


class RegisterClient(Protocol):
    """Connects to registers."""

    def connect(
        self, asked: RegisterQuestions, law: Law
    ) -> AbstractAsyncContextManager[Ask]:
        """Open what questions to one register share."""


class LookupStore(Protocol):
    """Which registers are asked, about which permits, and what they answered."""

    async def take(self, limit: int) -> Sequence[RegisterQuestions]:
        """Take what claims wait for, at most `limit` questions by register.

        Nobody else takes them for a minute.
        """

    async def record(
        self, asked: RegisterQuestions, answers: Mapping[str, Answer], now: datetime
    ) -> None:
        """Store answers by permit id, and let their reminders be claimed.

        Questions without an answer may be taken again at once.
        """


@dataclass(frozen=True, slots=True)
class LookupDeps:
    """The ports of asking; `logged` has the causes of failure already in the log."""

    store: LookupStore
    client: RegisterClient
    registration: RegisterDeps
    logged: dict[str, set[str]] = field(default_factory=dict)


async def ask_registers(deps: LookupDeps, is_stopping: StopSignal) -> int:
    """Ask about the permits that claims wait for; how many questions have an end.

    Asks at most `MOST_ASKED` questions by register, for at most `LONGEST_ASKING`
    seconds, and no longer than the process may go on. What is cut off is asked by the
    next pass.
    """
    taken = () if is_stopping() else await deps.store.take(MOST_ASKED)
    if not taken:
        return 0
    asked_at = deps.registration.clock.now()
    law = await deps.registration.law_store.current_law()
    replies: list[dict[str, Reply]] = [{} for _ in taken]
    await _within_limits(
        [_ask(one, law, deps, into) for one, into in zip(taken, replies, strict=True)],
        is_stopping,
    )
    for one, found in zip(taken, replies, strict=True):
        settled = await _register_found(one, found, deps)
        _log_failures(one.register, settled, deps.logged)
        answers = {id_: _to_answer(reply) for id_, reply in settled.items()}
        await deps.store.record(one, answers, asked_at)
    return sum(map(len, replies))


async def _within_limits(
    asking: Sequence[Awaitable[None]], is_stopping: StopSignal
) -> None:
    """Wait for questions; cut off what takes too long, or when the process stops."""
    tasks = [asyncio.ensure_future(one) for one in asking]
    pending, ends_at = set(tasks), monotonic_now() + LONGEST_ASKING
    try:
        while pending and monotonic_now() < ends_at and not is_stopping():
            _, pending = await asyncio.wait(pending, timeout=_LOOK_AROUND)
    finally:
        for task in pending:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _ask(
    asked: RegisterQuestions, law: Law, deps: LookupDeps, into: dict[str, Reply]
) -> None:
    """Ask one register about its permits, several at once, until it seems out."""
    questions, outages = iter(asked.questions), list[NoAnswer]()

    async def ask_on(ask: Ask) -> None:
        for question in questions:
            if len(outages) >= OUTAGE:
                into[question.permit_id] = outages[-1]
                continue
            reply = await ask(question, _number(question, deps))
            into[question.permit_id] = reply
            if isinstance(reply, NoAnswer) and reply.is_outage:
                outages.append(reply)
            else:
                outages.clear()

    async with deps.client.connect(asked, law) as ask:
        await asyncio.gather(*(ask_on(ask) for _ in range(asked.at_once)))


def _number(question: Question, deps: LookupDeps) -> str:
    blob = question.encrypted_number
    if blob is None:
        return question.number_key
    return deps.registration.vault.decrypt(blob, NUMBER_COLUMN)


async def _register_found(
    asked: RegisterQuestions, replies: Mapping[str, Reply], deps: LookupDeps
) -> dict[str, Reply]:
    """Register what was found; a permit that is refused becomes `NoAnswer`."""
    permits = {id_: one for id_, one in replies.items() if isinstance(one, Permit)}
    ended = {id_: one for id_, one in replies.items() if isinstance(one, Withdrawal)}
    source = RegisterSource(asked.register, is_load=False)
    outcomes = await register(
        *([*permits.values()], source, deps.registration),
        skip_idle=True,
        withdrawals=[*ended.values()],
    )
    refused = {
        id_: NoAnswer(_cause_of(outcome))
        for id_, outcome in zip([*permits, *ended], outcomes, strict=True)
        if isinstance(outcome, InvalidError)
    }
    return {**replies, **refused}


def _cause_of(error: InvalidError) -> str:
    """Name the fields with mistakes: what stands in them is about people."""
    names = sorted({mistake.field for mistake in error.mistakes})
    return f"an answer with mistakes in {', '.join(names)}"


def _to_answer(reply: Reply) -> Answer:
    if isinstance(reply, NoAnswer):
        return Answer.FAILED
    return Answer.NOT_FOUND if reply is None else Answer.FOUND


def _log_failures(
    name: str, replies: Mapping[str, Reply], logged: dict[str, set[str]]
) -> None:
    """Log each cause once, until every question has an answer again."""
    causes = Counter(one.cause for one in replies.values() if isinstance(one, NoAnswer))
    known = logged.setdefault(name, set())
    for cause, count in causes.items():
        if cause not in known:
            log.warning(
                "register %s: %d of %d look-ups failed: %s",
                name,
                count,
                len(replies),
                cause,
            )
            known.add(cause)
    if replies and not causes and known:
        log.info("register %s: look-ups succeed again", name)
        known.clear()
