"""Ask whether messages may go to a provider, and probe it while its circuit is open."""

import logging
from dataclasses import dataclass
from typing import Protocol

from service.domain.delivery.circuit import Circuit
from service.flow.sending.provider import Provider

log = logging.getLogger(__name__)


class CircuitStore(Protocol):
    """The circuit of one provider, shared by all workers."""

    async def load(self) -> Circuit:
        """The circuit as it is now; closed if nothing is stored."""

    async def take_probe(self, owner: str, lease: float) -> Circuit | None:
        """Take the probe that is due, for `lease` seconds on the database's clock.

        None if none is due, or if another worker has it. A probe has a generation of
        its own.
        """

    async def save_probe(self, owner: str, probed: Circuit) -> None:
        """Save what a probe found; does nothing if another worker has it by now."""


@dataclass(frozen=True, slots=True)
class CircuitAccess:
    """The right to send through a provider, while its circuit is in this generation.

    `owner` is the worker's turn. A probe may POST one message.
    """

    owner: str
    generation: int
    is_probe: bool = False


async def open_access(
    store: CircuitStore, provider: Provider, owner: str, lease: float
) -> CircuitAccess | None:
    """The right to send now; None while the provider is out.

    If a probe is due, asks the provider a question first. Until that is answered,
    nothing is POSTed.
    """
    circuit = await store.load()
    if circuit.is_closed:
        return CircuitAccess(owner, circuit.generation)
    probe = await store.take_probe(owner, lease)
    if probe is None:
        return None
    if await provider.is_answering():
        await store.save_probe(owner, probe.half_open())
        return CircuitAccess(owner, probe.generation, is_probe=True)
    failed = probe.after_failed_probe()
    await store.save_probe(owner, failed)
    log_circuit(provider.name, failed)
    return None


async def close_if_nothing_was_due(
    store: CircuitStore, provider: Provider, access: CircuitAccess
) -> None:
    """Close the circuit of a probe that had no message to POST.

    The answer to its question is all that can be known.
    """
    circuit = await store.load()
    if access.is_probe and circuit.generation == access.generation:
        closed = circuit.closed()
        await store.save_probe(access.owner, closed)
        log_circuit(provider.name, closed)


def log_circuit(provider: str, circuit: Circuit) -> None:
    """Log a change of a circuit in one line."""
    if circuit.is_closed:
        log.warning("provider %s answers again: sending goes on", provider)
    else:
        log.error(
            "provider %s: sending waits, %s; next probe in %.0f s",
            *(provider, circuit.reason, circuit.wait_seconds),
        )
