"""Changes of the law in any order, while permits come, go and are texted.

After each act the audit is clean, nobody is texted twice, too soon, or about a wrong
day, and no permit is forgotten. At the end every reminder has ended.
"""

import asyncio
import shutil
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from service.adapters.templates.library import JinjaTemplateLibrary
from tests.depth import by_depth
from tests.flow.ledger import FOOD, OFFICE, START, Ledger, open_ledger
from tests.flow.promises import SEEN, UNDER_WAY
from tests.flow.world import LADDERS, World

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

ISSUED: Final = (None, date(2020, 1, 10), date(2024, 11, 5))
AHEAD: Final = (MINUTE, 7 * 60 * MINUTE, DAY, 3 * DAY, 9 * DAY, 25 * DAY)


QUICKLY: Final = (Phase.explicit, Phase.reuse, Phase.generate)
"""Building an office is slow, so a failing example is not shrunk."""


def act(name: str, *drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(st.just(name), *drawn)


which, small = st.integers(0, 3), st.integers(0, 2)
ahead = st.sampled_from(AHEAD)
changed = st.fixed_dictionaries(
    {"issued_on": st.sampled_from(ISSUED)},
    optional={
        "renewal_filed_on": st.just(date(2024, 9, 1)),
        "replaces": st.sampled_from(["SC-0", "SC-1"]),
    },
)
local = st.fixed_dictionaries(
    {
        "governs": st.sampled_from(["expiry", "issue"]),
        "jurisdiction": st.sampled_from([None, OFFICE]),
    }
)

ACTS: Final = st.one_of(
    *[act("tick", ahead)] * 3,
    act("expand", ahead),
    act("register", which, small, changed),
    act("withdraw", which),
    act("close", which),
    act("climb", st.integers(0, len(LADDERS) - 1)),
    act("word", st.sampled_from([date(2024, 1, 1), date(2024, 1, 2)])),
    act("begin", st.integers(0, 1), which, local),
    act("revert"),
    act("resettle", st.sampled_from([0, 4]), st.sampled_from([9, 11])),
    act("close_office", st.integers(0, 10), which),
    act("lose"),
    act("settle"),
    act("deliver"),
    act("hear", which, st.sampled_from(["R", "START"])),
)


async def live(ledger: Ledger, acts: list[Any], force: str | None) -> None:
    world = World(ledger, force)
    await ledger.go_live(FOOD, live_from=START)
    for at in range(2):
        await world.register(at, 1, {})
    for name, *values in acts:
        ledger.clock.move_to(ledger.clock.now() + MINUTE)
        note(f"{ledger.clock.now()} {name} {values}")
        await getattr(world, name)(*values)
        await world.keeps_its_promises()
    ledger.provider.script = []
    for _ in range(2):
        await world.tick(900 * DAY)
        await world.keeps_its_promises()
    assert [row for row in ledger.rows(SEEN) if row["state"] in UNDER_WAY] == []


@settings(max_examples=by_depth(quick=5, deep=25), phases=QUICKLY)
@given(
    acts=st.lists(ACTS, min_size=8, max_size=22),
    force=st.sampled_from([None, "the office wants it"]),
)
def test_any_order_of_actions_keeps_the_promises(
    prepared: Path, words: JinjaTemplateLibrary, acts: list[Any], force: str | None
) -> None:
    async def run(file: Path) -> None:
        shutil.copy(prepared, file)
        ledger = open_ledger(file, words)
        try:
            await live(ledger, acts, force)
        finally:
            await ledger.database.dispose()

    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder) / "ledger.db"))
