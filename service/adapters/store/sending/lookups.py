"""`SqlLookupStore`: which registers are asked, about what, and what they answered."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    and_,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import (
    lookup_answers,
    lookups,
    permits,
    reminders,
)
from service.adapters.store.db.types import database_now, database_now_plus
from service.domain.delivery.status import CLAIMABLE
from service.domain.permits.lookup import Answer
from service.domain.reminders.reasons import (
    NOT_IN_REGISTER,
    REGISTER_FAILED,
    REGISTER_NOT_ASKED,
)
from service.flow.permits.ask_registers import (
    LookupStore,
    Question,
    RegisterQuestions,
)

_TAKEN_FOR: Final = 60.0
"""Seconds for which questions belong to one process: ten times as long as it asks."""

_COUNTERS: Final = {
    Answer.FOUND: lookups.c.found,
    Answer.NOT_FOUND: lookups.c.not_found,
    Answer.FAILED: lookups.c.failed,
}

_HELD_BY_LOOKUP: Final = (REGISTER_NOT_ASKED, NOT_IN_REGISTER, REGISTER_FAILED)


class SqlLookupStore(LookupStore):
    """Hands out each question to one process at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, limit: int) -> Sequence[RegisterQuestions]:
        """Take what claims wait for, at most `limit` questions by register."""
        async with self._database.read() as connection:
            names = (await connection.execute(_REGISTERS_TO_ASK)).scalars().all()
        if not names:
            return ()
        async with self._database.write() as connection:
            wanted = select(lookups).where(lookups.c.register.in_(names))
            registers = (await connection.execute(wanted)).all()
            return [await _take(connection, register, limit) for register in registers]

    async def record(
        self, asked: RegisterQuestions, answers: Mapping[str, Answer], now: datetime
    ) -> None:
        """Store answers by permit id, and let their reminders be claimed."""
        taken = [question.permit_id for question in asked.questions]
        async with self._database.write() as connection:
            await connection.execute(
                update(lookup_answers)
                .where(lookup_answers.c.permit_id.in_(taken))
                .values(taken_until=None)
            )
            for answer, count in Counter(answers.values()).items():
                ids = [one for one, found in answers.items() if found is answer]
                await _store_answer(connection, ids, answer, now)
                counter = _COUNTERS[answer]
                await connection.execute(
                    update(lookups)
                    .where(lookups.c.register == asked.register)
                    .values({counter.name: counter + count})
                )


async def count_answers(
    connection: AsyncConnection,
) -> dict[tuple[str, Answer], int]:
    """How many questions to each register ended how, since they were declared."""
    rows = await connection.execute(select(lookups.c.register, *_COUNTERS.values()))
    return {
        (register, answer): count
        for register, *counts in rows
        for answer, count in zip(_COUNTERS, counts, strict=True)
    }


def _is_free() -> ColumnElement[bool]:
    """Whether nobody asks it; a clock set back frees what was taken before."""
    until = lookup_answers.c.taken_until
    return or_(
        until.is_(None),
        until < database_now(),
        until > database_now_plus(literal(_TAKEN_FOR)),
    )


_IS_WANTED = and_(text("lookup_answers.wanted_at IS NOT NULL"), _is_free())

_REGISTERS_TO_ASK = (
    select(lookups.c.register)
    .distinct()
    .join_from(lookup_answers, permits, permits.c.id == lookup_answers.c.permit_id)
    .join(lookups, lookups.c.register == permits.c.register)
    .where(_IS_WANTED)
)


async def _take(
    connection: AsyncConnection, register: Row[Any], limit: int
) -> RegisterQuestions:
    """Take the questions to one register that have waited longest."""
    longest = (
        select(lookup_answers.c.permit_id)
        .join(permits, permits.c.id == lookup_answers.c.permit_id)
        .where(_IS_WANTED, permits.c.register == register.register)
        .order_by(lookup_answers.c.wanted_at, lookup_answers.c.permit_id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=lookup_answers)
    )
    taken = await connection.execute(
        update(lookup_answers)
        .where(lookup_answers.c.permit_id.in_(longest))
        .values(taken_until=database_now_plus(literal(_TAKEN_FOR)))
        .returning(lookup_answers.c.permit_id)
    )
    rows = await connection.execute(
        select(
            permits.c.id,
            permits.c.authority,
            permits.c.rule,
            permits.c.number_key,
            permits.c.number,
        ).where(permits.c.id.in_(taken.scalars().all()))
    )
    return RegisterQuestions(
        register.register,
        register.mapping,
        register.at_once,
        [Question(*row) for row in rows],
    )


async def _store_answer(
    connection: AsyncConnection,
    permit_ids: Collection[str],
    answer: Answer,
    now: datetime,
) -> None:
    """Store the answer about some permits, and end the holds that waited for it."""
    await connection.execute(
        update(lookup_answers)
        .where(lookup_answers.c.permit_id.in_(permit_ids))
        .values(answer=answer, asked_at=now, wanted_at=None)
    )
    await connection.execute(
        update(reminders)
        .where(
            reminders.c.permit_id.in_(permit_ids),
            reminders.c.state.in_(CLAIMABLE),
            reminders.c.hold_reason.in_(_HELD_BY_LOOKUP),
        )
        .values(next_at=now, hold_reason=None)
    )
