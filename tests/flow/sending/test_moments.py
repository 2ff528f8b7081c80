"""A permit changes, and changes back, at every moment of a reminder's life.

To four permits each the same happens at that moment. The first is put right at once,
the second next morning, the third in the last step, the fourth never.
"""

from datetime import datetime, timedelta

import pytest

from tests.depth import by_depth
from tests.flow.ledger import CLOSED, LAST_CALL, PREPARE, Ledger
from tests.flow.promises import SEEN, UNDER_WAY
from tests.flow.sending.moments import (
    ACTS,
    DAY,
    FOUR,
    MOMENTS,
    Moment,
    Office,
    texted,
    twice,
)
from tests.flow.world import World

AT_ONCE, NEXT_MORNING, LAST_STEP, NEVER = range(FOUR)

MINUTE, FOUR_YEARS = timedelta(minutes=1), 1500 * DAY


def acts_at(moment: Moment) -> dict[str, int]:
    """What happens at a moment, with the first of the four permits that it happens to.

    `make test` lets every third thing happen, beginning with another one at the next
    moment, and `make test-deep` everything.
    """
    every = by_depth(quick=3, deep=1)
    acts = [*ACTS][MOMENTS.index(moment) % every :: every]
    return {act: FOUR * at for at, act in enumerate(acts)}


@pytest.mark.deep
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda it: it.__name__)
async def test_whatever_happens_and_is_undone_everybody_is_texted_once(
    ledger: Ledger, moment: Moment
) -> None:
    acts = acts_at(moment)
    office, world = Office(ledger, FOUR * len(acts)), World(ledger, None)
    await office.register(*range(office.count))

    async def undo(which: int) -> None:
        for act, first in acts.items():
            _, undone = ACTS[act]
            await undone(office, first + which)

    async def to_all() -> None:
        for act, first in acts.items():
            happen, _ = ACTS[act]
            await happen(office, *range(first, first + FOUR))
        await undo(AT_ONCE)

    async def live_on_to(now: datetime) -> None:
        await world.tick(now - ledger.clock.now())
        await world.keeps_its_promises()

    await moment(office, to_all)
    await world.keeps_its_promises()
    await live_on_to(PREPARE + DAY)
    await undo(NEXT_MORNING)
    await live_on_to(PREPARE + 5 * DAY)
    await live_on_to(LAST_CALL + DAY)
    await undo(LAST_STEP)
    await live_on_to(LAST_CALL + DAY + MINUTE)
    await live_on_to(CLOSED)
    told_once(ledger, acts)
    await live_on_to(CLOSED + FOUR_YEARS)
    await live_on_to(CLOSED + 2 * FOUR_YEARS)
    assert [row for row in ledger.rows(SEEN) if row["state"] in UNDER_WAY] == []


def told_once(ledger: Ledger, acts: dict[str, int]) -> None:
    both = ["prepare", "last-call"]
    for act, first in acts.items():
        assert texted(ledger, first + AT_ONCE) == both, act
        assert texted(ledger, first + NEXT_MORNING) == both, act
        assert "last-call" in texted(ledger, first + LAST_STEP), act
        assert "last-call" not in texted(ledger, first + NEVER), act
    assert twice(ledger) == []
    carried = len(ledger.rows("SELECT * FROM messages WHERE accepted_at IS NOT NULL"))
    assert len(ledger.provider.taken) == carried, "what the provider really has"
