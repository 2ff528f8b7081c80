"""`SqlCircuitStore`: the circuit of a provider, one row for all workers."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Row, bindparam, literal, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.database import Database
from service.adapters.store.db.prepared import Prepared
from service.adapters.store.db.schema import circuits
from service.adapters.store.db.types import database_now, database_now_plus
from service.adapters.store.db.upsert import insert_into
from service.domain.delivery.circuit import (
    LONGEST_WAIT,
    Circuit,
    CircuitState,
    PostEvidence,
)
from service.flow.sending.circuit import CircuitStore


class SqlCircuitStore(CircuitStore):
    """Keeps the circuit of one provider; its instants are on the database's clock."""

    def __init__(self, database: Database, provider: str, first_wait: float) -> None:
        self._database = database
        self._provider = provider
        self._first_wait = first_wait

    async def load(self) -> Circuit:
        """The circuit as it is now; closed if nothing is stored."""
        async with self._database.read() as connection:
            row = await load_row(connection, self._provider)
            return to_circuit(row, self._first_wait)

    async def take_probe(self, owner: str, lease: float) -> Circuit | None:
        """Take the probe that is due; None if none is, or another worker has it.

        A probe or a lease further ahead than any wait was written by a clock that ran
        ahead, and is due.
        """
        its, now = circuits.c, database_now()
        too_far = database_now_plus(literal(LONGEST_WAIT))
        is_due = or_(
            its.probe_at.is_(None), its.probe_at <= now, its.probe_at > too_far
        )
        is_free = or_(
            its.probe_owner.is_(None),
            its.probe_until.is_(None),
            its.probe_until <= now,
            its.probe_until > too_far,
        )
        taken = (
            update(circuits)
            .where(
                its.provider == self._provider,
                its.state != CircuitState.CLOSED,
                is_due,
                is_free,
            )
            .values(
                generation=its.generation + 1,
                probe_owner=owner,
                probe_until=database_now_plus(literal(lease)),
            )
            .returning(*circuits.c)
        )
        async with self._database.write() as connection:
            row = (await connection.execute(taken)).first()
            return to_circuit(row, self._first_wait) if row else None

    async def save_probe(self, owner: str, probed: Circuit) -> None:
        """Save what a probe found; does nothing if another worker has it by now."""
        async with self._database.write() as connection:
            row = await load_row(connection, self._provider)
            if row is not None and row.probe_owner == owner:
                before = to_circuit(row, self._first_wait)
                await save_circuit(connection, self._provider, before, probed)


async def load_row(connection: AsyncConnection, provider: str) -> Row[Any] | None:
    """The row of a provider's circuit; only who writes alone changes it."""
    return next(iter(await _ROW.run(connection, {"of": provider})), None)


_ROW = Prepared(
    select(circuits, database_now().label("now")).where(
        circuits.c.provider == bindparam("of", type_=circuits.c.provider.type)
    )
)


def to_circuit(row: Row[Any] | None, first_wait: float) -> Circuit:
    """Convert a row; one that was changed by hand to nonsense is an open circuit."""
    circuit = Circuit(wait_seconds=first_wait, first_wait=first_wait)
    if row is None:
        return circuit
    wait = min(max(row.wait_seconds, first_wait), circuit.longest_wait)
    circuit = replace(circuit, generation=row.generation, wait_seconds=wait)
    if row.state not in _STATES:
        reason = f"table circuits: found state {row.state!r}, expected closed or open"
        return replace(circuit, state=CircuitState.OPEN, reason=reason)
    return replace(
        circuit,
        state=CircuitState(row.state),
        failures=row.failures,
        reason=row.reason,
    )


_STATES = frozenset(str(state) for state in CircuitState)


def may_send(row: Row[Any] | None, owner: str, generation: int) -> bool:
    """Whether this owner may claim and begin messages: the circuit is as it was.

    In a half-open circuit only the owner of the probe may, while its lease lasts.
    """
    if row is None:
        return generation == 0
    has_lease = row.probe_owner == owner and row.probe_until > row.now
    is_probe = row.state == CircuitState.HALF_OPEN and has_lease
    is_open_to_all = row.state == CircuitState.CLOSED
    return bool(row.generation == generation and (is_open_to_all or is_probe))


def would_change(before: Circuit, generation: int, evidence: PostEvidence) -> bool:
    """Whether `judge_provider` would store anything."""
    return before.generation == generation and before.after_posts(evidence) != before


async def judge_provider(
    connection: AsyncConnection,
    provider: str,
    before: Circuit,
    generation: int,
    evidence: PostEvidence,
) -> Circuit | None:
    """Apply what POSTs say of the provider; the circuit if it opened or closed.

    POSTs that were begun in an earlier generation say nothing of this one.
    """
    if not would_change(before, generation, evidence):
        return None
    after = before.after_posts(evidence)
    await save_circuit(connection, provider, before, after)
    return after if after.generation != before.generation or after.reason else None


async def save_circuit(
    connection: AsyncConnection, provider: str, before: Circuit, after: Circuit
) -> None:
    """Store a circuit, and when the next probe is due."""
    values: dict[str, Any] = {
        "state": after.state,
        "generation": after.generation,
        "failures": after.failures,
        "reason": after.reason,
        "wait_seconds": after.wait_seconds,
    }
    if after.state is not CircuitState.HALF_OPEN:
        values |= {
            "probe_at": database_now_plus(literal(after.wait_seconds)),
            "probe_owner": null(),
            "probe_until": null(),
        }
    if before.is_closed != after.is_closed:
        values["changed_at"] = database_now()
    created = {"changed_at": database_now()} | values
    await connection.execute(
        insert_into(connection, circuits)
        .values(provider=provider, **created)
        .on_conflict_do_update(index_elements=["provider"], set_=values)
    )
