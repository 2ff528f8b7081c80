"""Judging a storm from outside: the provider's log against the ledger and the register.

The law that is applied here is the promise itself, written down a second time in terms
of SMS that phones received, not of rows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from tests.chaos.ledger import Key, Ledger
from tests.chaos.register import Permit
from tests.chaos.witness import FAILED, Sms, Witness

PASSING = frozenset({30001, 30003, 30008, 30022, 30036, 30410, 30500})
"""What a carrier says of a fault that passes: a new message may follow."""

DEAD = frozenset({30005, 30006})
"""What it says of a number that is nobody's: one may follow once it is somebody's."""

MOST = 3
"""SMS for one reminder: the first, and two more after faults that passed."""

_ACCEPTED = frozenset({"accepted", "sent", "delivered", "read", *FAILED, "canceled"})
_TEXTED = frozenset({"sent", "delivered", "failed"})
_ENDED = _TEXTED | {"cancelled", "suppressed", "superseded", "missed"}
_WELL_ENDED = _TEXTED | {"suppressed"}
"""How the reminders of a permit end that nobody withdrew or renewed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every promise that was broken, one line each, by what it does to people."""

    doubled: Sequence[str]
    forgotten: Sequence[str]
    untrue: Sequence[str]

    @property
    def lines(self) -> list[str]:
        """All of them."""
        return [*self.doubled, *self.forgotten, *self.untrue]


def judge(
    witness: Witness, ledger: Ledger, register: Mapping[str, Permit], until: date
) -> Verdict:
    """Hold a storm to the promises.

    Permits that expire before `until` were registered in the middle of a step.
    """
    return Verdict(
        doubled=[
            *_posted_twice(witness, ledger),
            *_texted_twice(witness, ledger),
            *_alike(witness, ledger),
        ],
        forgotten=[
            *_unended(ledger),
            *_forgotten(witness, ledger, register, until),
        ],
        untrue=[*_unbound(witness, ledger), *_made_up(witness, ledger)],
    )


def _posted_twice(witness: Witness, ledger: Ledger) -> Iterator[str]:
    for ref, count in witness.posts.items():
        if ref not in ledger.messages:
            yield f"POST of {ref or 'nothing'}: no such message"
        elif count > 1:
            yield f"message {ref}: POSTed {count} times"


def _unbound(witness: Witness, ledger: Ledger) -> Iterator[str]:
    """SMS that were taken, and the ledger does not know it."""
    for sms in witness.sms.values():
        message = ledger.messages.get(sms.ref)
        if message is None:
            continue
        if message.provider_id != sms.sid:
            yield f"message {sms.ref}: was {sms.sid}, is bound to {message.provider_id}"
        if message.state not in _ACCEPTED:
            yield f"message {sms.ref}: was taken, is {message.state}"


def _made_up(witness: Witness, ledger: Ledger) -> Iterator[str]:
    """Messages that the ledger calls accepted, and nobody took."""
    taken = {one.ref for one in witness.sms.values()}
    for one in ledger.messages.values():
        if one.state in _ACCEPTED and one.id not in taken:
            yield f"message {one.id}: was never taken, is {one.state}"


def _texted_twice(witness: Witness, ledger: Ledger) -> Iterator[str]:
    for key, found in _by_reminder(witness, ledger).items():
        what = f"reminder {key}"
        if len(found) > MOST:
            yield f"{what}: {len(found)} SMS"
        yield from _doubled(what, found, witness)


def _alike(witness: Witness, ledger: Ledger) -> Iterator[str]:
    """The same, by what phones show: one text to one phone.

    A digest reads the same in two steps: those are two reminders of each permit.
    """
    alike: dict[tuple[str, str, frozenset[Key]], list[Sms]] = defaultdict(list)
    for sms in witness.sms.values():
        message = ledger.messages.get(sms.ref)
        about = frozenset(message.about if message else ())
        alike[sms.to, sms.body, about].append(sms)
    for (to, body, _), found in alike.items():
        yield from _doubled(f"phone {to}: {body}", found, witness)


def _doubled(what: str, found: Sequence[Sms], witness: Witness) -> Iterator[str]:
    """Another may follow one that failed in passing, or at another number.

    Or at a dead one, where a text has arrived there since.
    """
    in_order = sorted(found, key=lambda one: one.line)
    for before, after in pairwise(in_order):
        told = f"{before.sid} at {before.at}, then {after.sid} at {after.at}"
        if before.failed_at is None:
            yield f"{what}: texted twice, {told}"
        elif before.failed_at > after.line:
            yield f"{what}: texted again before the first had failed, {told}"
        elif before.code in PASSING or before.to != after.to:
            continue
        elif before.code not in DEAD or not witness.arrived_between(before, after):
            yield f"{what}: texted again after {before.code}, {told}"


def _unended(ledger: Ledger) -> Iterator[str]:
    for key, one in ledger.reminders.items():
        if one.state not in _ENDED:
            yield f"reminder {key}: never ended, is {one.state} ({one.reason})"
        elif one.state in _ENDED - {"sent", "delivered"} and not one.reason:
            yield f"reminder {key}: is {one.state} without a reason"


def _forgotten(
    witness: Witness, ledger: Ledger, register: Mapping[str, Permit], until: date
) -> Iterator[str]:
    texted = _by_reminder(witness, ledger).keys()
    for key, one in ledger.reminders.items():
        if one.state in {"sent", "delivered"} and key not in texted:
            yield f"reminder {key}: is {one.state}, nobody was texted"
    well = defaultdict[tuple[str, str], set[str]](set)
    for key, one in ledger.reminders.items():
        if one.state in _WELL_ENDED:
            well[key[:2]].add(one.state)
    for permit in register.values():
        if permit.status != "active" or permit.expires_on >= until:
            continue
        if not well[permit.number, str(permit.expires_on)]:
            yield f"permit {permit.number}, {permit.expires_on}: forgotten"


def _by_reminder(witness: Witness, ledger: Ledger) -> dict[Key, list[Sms]]:
    by_ref = witness.by_ref()
    found = defaultdict[Key, list[Sms]](list)
    for message in ledger.messages.values():
        for key in message.about:
            found[key] += by_ref.get(message.id, [])
    return {key: sms for key, sms in found.items() if sms}


def ends(witness: Witness) -> Counter[str]:
    """How many SMS ended in each status."""
    return Counter(one.status for one in witness.sms.values())
