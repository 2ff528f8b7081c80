"""How much a storm may cost: POSTs into outages, and what is left to people.

No promise is broken where one of these is: it is work that a machine could have spared.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from tests.chaos.ledger import Key, Ledger, Message
from tests.chaos.office import SETTLE
from tests.chaos.operator import Left
from tests.chaos.verdict import MOST
from tests.chaos.witness import Spell, Witness

UNDER_WAY: Final = 40
"""Messages that one worker has begun and not recorded, at most."""

UNTIL_OPEN: Final = 20 + 5
"""POSTs of one worker until its circuit is open: those in flight, and the failures."""

FIRST_WAIT: Final = timedelta(seconds=SETTLE / 10)
LONGEST_WAIT: Final = 20 * FIRST_WAIT
"""The time between two probes, at first and after some doublings."""

_ALLOWED: Final = ("no other message to", "its step ends within 24 hours")
"""Reasons to leave a message to a person whatever its list says."""

_CLOCK_IS_OFF_BY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Costs:
    """What the storm saw beside the log: of how many workers at once, at most.

    `left`: what a person decided, by message. `kills`: when a worker was killed, and
    what one worker had begun and not recorded then.
    """

    workers: int = 2
    left: Mapping[str, Left] = field(default_factory=dict)
    kills: Sequence[tuple[datetime, int]] = ()


def judge_costs(witness: Witness, ledger: Ledger, costs: Costs) -> Iterator[str]:
    """Every bound that was broken, one line each."""
    yield from _posted_into_outages(witness, costs)
    yield from _left_to_people(witness, ledger, costs)
    for _, count in costs.kills:
        if count > UNDER_WAY:
            yield f"a kill left {count} messages under way, at most {UNDER_WAY} may be"


def posts_into(spell: Spell, witness: Witness) -> int:
    """POSTs that reached the provider while it took nothing."""
    return sum(spell.has(at) for at in witness.posted)


def outages(witness: Witness) -> list[Spell]:
    """The times in which every POST failed, refused connections left out."""
    return [one for one in witness.spells if one.is_outage]


def probes(lasting: timedelta) -> int:
    """How often an open circuit is probed in a time, at most."""
    count, wait = 0, FIRST_WAIT
    while lasting >= wait:
        lasting -= wait
        count, wait = count + 1, min(2 * wait, LONGEST_WAIT)
    return count


def _posted_into_outages(witness: Witness, costs: Costs) -> Iterator[str]:
    """At most one POST a probe, once the circuit has opened.

    A worker that is killed before it has recorded a failure leaves it closed.
    """
    for spell in outages(witness):
        if spell.ended is None:
            continue
        kills = sum(spell.has(at) for at, _ in costs.kills)
        most = (costs.workers + kills) * UNTIL_OPEN + probes(spell.ended - spell.began)
        if (count := posts_into(spell, witness)) > most:
            yield f"outage at {spell.began}: {count} POSTs into it, expected {most}"


def _left_to_people(witness: Witness, ledger: Ledger, costs: Costs) -> Iterator[str]:
    """Only what a list that lied cannot prove, or what was sent again twice.

    Or what nothing else to its country vouched for, for a day; or what would be sent
    again in the last day of its step.
    """
    tries = _tries(ledger)
    for ref, left in costs.left.items():
        message = ledger.messages.get(ref)
        if message is None or any(tries[key] >= MOST for key in message.about):
            continue
        if any(why in left.reason for why in _ALLOWED):
            continue
        if not _was_lied_about(message, left, witness):
            yield (
                f"message {ref}: left to a person ({left.reason}), though the "
                "provider's list could be trusted"
            )


def _was_lied_about(message: Message, left: Left, witness: Witness) -> bool:
    since = message.posted_after - _CLOCK_IS_OFF_BY
    return any(
        one.lies
        and one.began < left.decided_at
        and (one.ended is None or one.ended > since)
        for one in witness.spells
    )


def _tries(ledger: Ledger) -> dict[Key, int]:
    """Messages of each reminder."""
    counts: dict[Key, int] = {}
    for message in ledger.messages.values():
        for key in message.about:
            counts[key] = counts.get(key, 0) + 1
    return counts
