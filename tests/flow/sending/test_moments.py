"""A permit changes, and changes back, at every moment of a reminder's life.

Four permits are at the same moment when the same happens to each. The first is put
right at once, the second next morning, the third in the last step, the fourth never.
"""

from datetime import datetime, timedelta

import pytest

from tests.flow.ledger import CLOSED, LAST_CALL, PREPARE, Ledger
from tests.flow.promises import SEEN, UNDER_WAY
from tests.flow.sending.moments import ACTS, DAY, MOMENTS, Moment, Office, texted, twice
from tests.flow.world import World

AT_ONCE, NEXT_MORNING, LAST_STEP, NEVER = range(4)

MINUTE, FOUR_YEARS = timedelta(minutes=1), 1500 * DAY


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda it: it.__name__)
async def test_whatever_happens_and_is_undone_everybody_is_texted_once(
    ledger: Ledger, moment: Moment, act: str
) -> None:
    office, world = Office(ledger, 4), World(ledger, None)
    happen, undo = ACTS[act]
    for at in range(4):
        await office.register(at)

    async def to_all() -> None:
        for at in range(4):
            await happen(office, at)
        await undo(office, AT_ONCE)

    async def live_on_to(now: datetime) -> None:
        await world.tick(now - ledger.clock.now())
        await world.keeps_its_promises()

    await moment(office, to_all)
    await world.keeps_its_promises()
    await live_on_to(PREPARE + DAY)
    await undo(office, NEXT_MORNING)
    await live_on_to(PREPARE + 5 * DAY)
    await live_on_to(LAST_CALL + DAY)
    await undo(office, LAST_STEP)
    await live_on_to(LAST_CALL + DAY + MINUTE)
    await live_on_to(CLOSED)
    told_once(ledger)
    await live_on_to(CLOSED + FOUR_YEARS)
    await live_on_to(CLOSED + 2 * FOUR_YEARS)
    assert [row for row in ledger.rows(SEEN) if row["state"] in UNDER_WAY] == []


def told_once(ledger: Ledger) -> None:
    both = ["prepare", "last-call"]
    assert texted(ledger, AT_ONCE) == texted(ledger, NEXT_MORNING) == both
    assert "last-call" in texted(ledger, LAST_STEP)
    assert "last-call" not in texted(ledger, NEVER)
    assert twice(ledger) == []
    carried = len(ledger.rows("SELECT * FROM messages WHERE accepted_at IS NOT NULL"))
    assert len(ledger.provider.taken) == carried, "what the provider really has"
