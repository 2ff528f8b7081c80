"""Registers as they really are: what an import says of them, and gives back.

Beside each register in tests/samples/registers/dirty stand its mapping and, as
`.report.txt`, what the command prints and its CSV file of rejected rows.
"""

import re
import shutil
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, Run

DIRTY = ROOT / "tests" / "samples" / "registers" / "dirty"


@pytest.mark.parametrize("name", ["city_food.xlsx", "county.csv"])
def test_a_dirty_register_is_reported_as_it_was_checked_by_hand(
    name: str, run: Run, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for suffix in (Path(name).suffix, ".toml"):
        shutil.copy(DIRTY / Path(name).with_suffix(suffix), office)
    monkeypatch.chdir(office)
    mapping = Path(name).with_suffix(".toml")
    answer = run("import", name, "--mapping", mapping)
    rejects = (office / f"{name}.rejects.csv").read_text("utf-8-sig")
    shown = answer.out.replace(f"{office}/", "")
    golden = DIRTY / Path(name).with_suffix(".report.txt")
    assert f"{shown}\n{rejects}" == golden.read_text("utf-8")
    assert (answer.code, answer.err) == (3, "")
    counts = re.findall(r"\d+ rejected", answer.out)[0]
    # Loaded again as they are, the rejected rows are rejected for the same reasons.
    for kind in ("csv", "xlsx"):
        again = run("import", f"{name}.rejects.{kind}", "--mapping", mapping)
        assert again.out.splitlines()[1] == counts
