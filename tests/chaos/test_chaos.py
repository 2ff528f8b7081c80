from pathlib import Path

import pytest

from tests.chaos.processes import ForkedProcesses
from tests.chaos.run import chaos
from tests.cli.processes import fork_server


@pytest.mark.timeout(400)
async def test_a_few_kills_leave_nobody_texted_twice_or_forgotten(
    tmp_path: Path,
) -> None:
    with fork_server() as fork:
        told = await chaos(tmp_path, kills=2, seed=1, processes=ForkedProcesses(fork))
    assert told.wrong == []
    assert " outages 0," not in "".join(told.summary)
    assert " 0 SMS" not in "".join(told.summary)
