"""Giving back messages that were claimed and not POSTed, beside recording acceptances.

    python bench/giving_back.py

Each is one transaction for a hundred messages of one claim, on one SQLite file and in
one process; the medians of the processor's time are compared.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Final
from uuid import uuid4

from office import fill, groups, installed

from service.adapters.store.db.database import Database
from service.adapters.store.sending.claim.claim_store import SqlClaimStore
from service.adapters.store.slots.expand import SqlExpandStore
from service.app import Installation, build_installation
from service.domain.delivery.circuit import FIRST_WAIT, PostEvidence
from service.domain.delivery.outcome import Accepted, NotPosted, Outcome
from service.domain.reminders.limits import compute_limits
from service.flow.sending.claim_rows import ClaimRequest, PostProgress
from service.flow.sending.expand import expand
from service.flow.sending.plan_claim import ClaimPlanner
from service.flow.sending.provider import Outgoing
from service.settings import Settings

MESSAGES: Final = 100
ROUNDS: Final = 9


async def compare_giving_back(folder: Path) -> str:
    """Compare both, and return the sentence that `make bench` prints."""
    file = folder / "giving-back.db"
    law = await installed(file)
    fill(file, 2 * ROUNDS * MESSAGES, groups(law, 100))
    database = Database(f"sqlite:///{file}")
    try:
        settings = Settings(database_url=f"sqlite:///{file}")
        installation = await build_installation(settings, database)
        await expand(SqlExpandStore(database), installation.clock)
        given_back, accepted = list[float](), list[float]()
        for _ in range(ROUNDS):
            given_back.append(
                await claim_and_record(installation, lambda _: NotPosted())
            )
            accepted.append(await claim_and_record(installation, accept))
    finally:
        await database.dispose()
    ours, peer = median(given_back), median(accepted)
    return (
        f"giving back: {ours / peer:.1f} times the processor time of an acceptance; "
        f"{ours / MESSAGES * 1e6:.0f} and {peer / MESSAGES * 1e6:.0f} µs a message "
        f"(medians of {ROUNDS} transactions of {MESSAGES})"
    )


def accept(message: Outgoing) -> Accepted:
    return Accepted(f"bench-{message.id}")


async def claim_and_record(
    installation: Installation, outcome_of: Callable[[Outgoing], Outcome]
) -> float:
    """Claim a hundred messages, and record an outcome for each; the seconds it took."""
    store = SqlClaimStore(
        installation.database, installation.vault, "bench", FIRST_WAIT
    )
    owner, now = str(uuid4()), installation.clock.now()
    law = await installation.law_store.current_law()
    limits = compute_limits(law.authorities.values(), now)
    planner = ClaimPlanner(law, await installation.templates.current(law.digest), now)
    claim = await store.claim(
        ClaimRequest(
            owner=owner,
            lease=60.0,
            generation=0,
            max_messages=MESSAGES,
            checked_until=now,
            law_digest=law.digest,
            offices=law.sending_offices(),
            has_exclusive_senders=False,
            limits=limits,
            plan=partial(planner.plan, limits=limits, max_messages=MESSAGES),
        ),
        now,
    )
    assert len(claim.messages) == MESSAGES
    progress = PostProgress(
        owner=owner,
        generation=0,
        outcomes=[(one, outcome_of(one)) for one in claim.messages],
        evidence=PostEvidence(),
        group=(),
        lease_left=0.0,
    )
    began = process_time()
    await store.record_and_begin(progress, now)
    return process_time() - began


async def main() -> None:
    with TemporaryDirectory(prefix="permit-reminders-bench-") as folder:
        print(await compare_giving_back(Path(folder)))


if __name__ == "__main__":
    asyncio.run(main())
