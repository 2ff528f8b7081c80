"""`serve` on a database file that somebody removes or replaces."""

import json
import re
import shutil
import signal
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

from tests.cli.commands import CMA, Run, posted, write
from tests.cli.processes import Fork, address, stopped
from tests.cli.server.backstage import until
from tests.cli.server.test_serve_only import SETTINGS


def wrong(url: str) -> dict[str, str]:
    """What /readyz says is wrong."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=10) as answer:  # noqa: S310 - ours
            told = json.load(answer)
    except HTTPError as error:
        told = json.load(error)
    found: dict[str, str] = told["wrong"]
    return found


def test_a_worker_whose_file_is_replaced_sends_nothing_until_it_is_restarted(
    run: Run, live: Path, fork: Fork
) -> None:
    """The register of the backup is due again: only a person can say what was sent."""
    row = f"{CMA},240000000001,某检测,2024-06-28,+12125550101"
    assert run("import", write(live / "permits.csv", row)).code == 0
    file = live / "permit-reminders.db"
    backup = shutil.copy(file, live / "backup.db")
    with fork("serve", "--only", "worker", folder=live, **SETTINGS) as worker:
        url = address(worker)
        Path(backup).replace(file)
        until(lambda: {"database", "tick"} <= wrong(url).keys())
        assert "was removed or replaced" in wrong(url)["database"]
        assert wrong(url)["tick"] == wrong(url)["database"]
        before = len(posted(live))
        code, log = stopped(worker, signal.SIGTERM)
    assert code == 0
    assert len(re.findall("was removed or replaced", log)) == 1
    assert "Traceback" not in log
    assert len(posted(live)) == before
