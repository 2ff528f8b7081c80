import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.adapters.sms_platform import killed_sender
from tests.adapters.sms_platform.samples import files, opened, rows, sheet, unknown
from tests.cli.commands import ROOT, environment
from tests.depth import by_depth

CALLS = by_depth(quick=3, deep=1)
"""Calls of the adapter's code from one kill to the next."""


def ids_in(paths: list[Path]) -> Counter[str]:
    return Counter(row[0] for path in paths for row in rows(path))


async def found_in(folder: Path, ids: list[str]) -> set[str]:
    """The ids that the provider has accepted."""
    taken = set()
    async with opened(sheet(folder), folder) as provider:
        for one in ids:
            listed = await provider.find(unknown(one), "")
            assert listed is not None
            taken |= {each.provider_id for each in listed.candidates}
    return taken


@pytest.mark.deep
def test_whatever_is_killed_when_no_message_leaves_twice_and_none_is_lost(
    tmp_path: Path,
) -> None:
    ran = subprocess.run(
        [sys.executable, killed_sender.__file__, str(tmp_path), str(CALLS)],
        env=environment() | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    deaths = int(ran.stdout)
    assert deaths > 150 / CALLS
    accepted = (tmp_path / "accepted").read_text().split()
    tried = (tmp_path / "tried").read_text().split()
    left = ids_in(sorted((tmp_path / "taken").iterdir()))
    assert not files(tmp_path)
    assert set(left.values()) == {1}
    assert {*accepted} <= left.keys() <= {*tried}
    assert len(tried) > len(left)
    assert asyncio.run(found_in(tmp_path, tried)) == left.keys()
    assert not files(tmp_path)
