"""What registers answered about the permits of a claim, and which it waits for."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonValues
from service.adapters.store.db.schema import lookup_answers, lookups, permits
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.reminders.candidates import CandidateRow
from service.domain.permits.lookup import Answer
from service.domain.reminders.register_answer import RegisterAnswer

_PERMITS = JsonValues(permits.c.id, "of_claim")

_ANSWERS = (
    select(
        permits.c.id,
        lookups.c.fresh_minutes,
        lookups.c.on_failure,
        lookup_answers.c.answer,
        lookup_answers.c.asked_at,
    )
    .join_from(permits, lookups, lookups.c.register == permits.c.register)
    .outerjoin(lookup_answers, lookup_answers.c.permit_id == permits.c.id)
    .where(permits.c.id.in_(_PERMITS.values))
)


async def join_answers(
    connection: AsyncConnection, candidates: Sequence[CandidateRow]
) -> list[CandidateRow]:
    """Join candidates with the last answer of their registers, if these are asked."""
    ids = {one.row.permit_id for one in candidates}
    rows = await connection.execute(_ANSWERS, _PERMITS.bind(connection.dialect, ids))
    answers = {
        row.id: RegisterAnswer(
            fresh_for=timedelta(minutes=row.fresh_minutes),
            holds_failures=row.on_failure == "hold",
            answer=Answer(row.answer) if row.answer else None,
            asked_at=row.asked_at,
        )
        for row in rows
    }
    return [
        replace(
            one,
            candidate=replace(
                one.candidate, register_answer=answers.get(one.row.permit_id)
            ),
        )
        for one in candidates
    ]


async def want_answers(
    connection: AsyncConnection, permit_ids: Collection[str], now: datetime
) -> None:
    """Note that texts about these permits wait for their registers."""
    if not permit_ids:
        return
    wanted = insert_into(connection, lookup_answers)
    await connection.execute(
        wanted.on_conflict_do_update(
            index_elements=["permit_id"],
            set_={
                "wanted_at": func.coalesce(
                    lookup_answers.c.wanted_at, wanted.excluded.wanted_at
                )
            },
        ),
        [{"permit_id": one, "wanted_at": now} for one in sorted(permit_ids)],
    )
