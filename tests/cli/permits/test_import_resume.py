"""An import that was killed anywhere and resumed is what an undisturbed one is."""

import random
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from service.flow.permits import import_register
from tests.cli.commands import (
    CMA,
    FOOD,
    Run,
    cells,
    environment,
    run_here,
    sql,
    write,
)
from tests.cli.permits.die_at_statement import at_each_moment
from tests.depth import by_depth

CONTENT = (
    """SELECT authority, rule, number_key, holder, expires_on, status, register,
    registered_at, changed_at, dated_at, replaced, series FROM permits ORDER BY 1, 2, 3
    """,
    """SELECT p.number_key, position, digest, line FROM permit_recipients
    JOIN permits p ON p.id = permit_id JOIN recipients r ON r.id = recipient_id
    ORDER BY 1, 2""",
    "SELECT rule, authority, expires_on, step, due_at FROM slots ORDER BY 1, 2, 3, 4",
    "SELECT * FROM registers",
    "SELECT file, mode, state, rows, committed, counts FROM imports",
    """SELECT c.id, json_extract(value, '$[1]'), number_key, json_extract(value, '$[2]')
    FROM import_changes c, json_each(changes) JOIN permits p
    ON replace(json_extract(value, '$[0]'), '-', '') = p.id ORDER BY c.id, key""",
)
"""What must not depend on a kill: all but ids, and seconds of work."""


def row(number: int) -> str:
    """Mostly a permit; now and then a rejected, repeated, or idle one."""
    what = number % 20
    rule = "cn-tea-installation" if what == 7 else CMA
    number -= what == 13
    day = {3: "someday", 11: "2019-01-01"}.get(
        what, f"2024-0{number % 9 + 1}-{number % 28 + 1:02}"
    )
    return f"{rule},{number:012},A,{day},+1212555{100 + number % 90:04}"


def killed(folder: Path, moment: int, chunk: int, *arguments: str) -> int:
    """The exit code of an import in a process that dies at a moment."""
    command = [sys.executable, "-m", "tests.cli.permits.die_at_statement"]
    return subprocess.run(
        [*command, str(moment), str(chunk), "import", *arguments],
        cwd=folder,
        env=environment() | {"PERMIT_REMINDERS_AUTHORITY": "990000"},
        capture_output=True,
        check=False,
    ).returncode


def content(folder: Path) -> list[Sequence[object]]:
    """All that an import leaves behind."""
    tables = [sql(folder, query) for query in CONTENT]
    rejects = (folder / "permits.csv.rejects.csv").read_bytes()
    return [*tables, [rejects]]


@pytest.mark.deep
@pytest.mark.timeout(3600)
def test_a_killed_import_resumed_equals_an_undisturbed_one_row_for_row(
    office: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, chunk = by_depth(quick=(240, 40), deep=(100_000, 500))
    monkeypatch.setattr(import_register, "CHUNK", chunk)
    write(office / "permits.csv", *map(row, range(rows)))
    folders = [
        tmp_path_factory.mktemp("killed") / "office"
        for _ in range(by_depth(quick=1, deep=5))
    ]
    for folder in folders:
        shutil.copytree(office, folder)
    moments = Counter[str]()
    with at_each_moment(lambda: moments.update(["all"])):
        assert run_here("import", "permits.csv").code == 0
    undisturbed = content(office)
    seed = random.randrange(10**6)  # noqa: S311 - a test
    draw = random.Random(seed)  # noqa: S311
    for folder in folders:
        at = draw.randrange(1, moments.total())
        place = f"seed {seed}: killed at moment {at} of {moments.total()}"
        assert killed(folder, at, chunk, "permits.csv") == -signal.SIGKILL, place
        monkeypatch.chdir(folder)
        has_begun = sql(folder, "SELECT count(*) FROM imports") == [(1,)]
        resume = ["--resume"] if has_begun else []
        resumed = run_here("import", "permits.csv", *resume)
        assert (resumed.code, resumed.err) == (0, ""), place
        assert content(folder) == undisturbed, place


def test_a_resumed_import_gives_the_reason_of_a_row_that_a_later_row_would_mend(
    run: Run, office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_register, "CHUNK", 1)
    rows = [
        f"{FOOD},1,A,2024-06-28,+12125550101,",
        f"{CMA},2,B,2024-06-28,+12125550101,1",  # replaces that of another holder
        f"{CMA},1,B,2024-06-28,+12125550101,",  # from now on, one of its own
        f"{CMA},3,B,2024-06-28,+12125550101,",
    ]
    header = "rule,number,holder,expires_on,phones,replaces"
    register = write(office / "permits.csv", *rows, header=header)
    sql(
        office,
        "CREATE TRIGGER killed BEFORE INSERT ON permits WHEN NEW.number_key = '3' "
        "BEGIN SELECT RAISE(ABORT, 'killed'); END",
    )
    with pytest.raises(IntegrityError):
        run_here("import", register)
    sql(office, "DROP TRIGGER killed")
    resumed = run("import", register, "--resume")
    assert resumed.out.splitlines()[1] == "3 registered, 1 rejected"
    [rejected] = cells(office / "permits.csv.rejects.csv")
    assert "a permit of the same holder" in rejected["reason"]
    assert sql(office, "SELECT count(*) FROM import_refusals") == [(0,)]


def test_only_the_last_import_of_the_same_file_is_resumed(
    run: Run, office: Path
) -> None:
    register = write(office / "permits.csv", f"{CMA},1,A,2024-06-28,+12125550101")
    nothing = "permit-reminders: nothing was imported into permits.csv yet; import"
    assert run("import", register, "--resume").err.startswith(nothing)
    assert run_here("import", register).code == 0
    done = "permit-reminders: the import of permits.csv is complete; import without"
    assert run("import", register, "--resume").err.startswith(done)
    sql(office, "UPDATE imports SET state = 'running'")
    write(office / "permits.csv", f"{CMA},1,B,2024-06-28,+12125550101")
    refused = run("import", register, "--resume")
    assert (refused.code, "was of another permits.csv" in refused.err) == (2, True)
    assert run("import", register, "--resume", "--dry-run").code == 2


def test_an_import_that_another_process_goes_on_with_stops(
    run: Run, office: Path
) -> None:
    register = write(office / "permits.csv", f"{CMA},1,A,2024-06-28,+12125550101")
    assert run("import", register).code == 0
    sql(
        office,
        "CREATE TRIGGER other AFTER INSERT ON imports BEGIN "
        "UPDATE imports SET committed = 500 WHERE id = NEW.id; END",
    )
    write(register, f"{CMA},1,B,2024-06-28,+12125550101")
    refused = run("import", register)
    assert refused.code == 2
    assert "another process goes on with this import" in refused.err
    assert sql(office, "SELECT holder FROM permits") == [("A",)]
