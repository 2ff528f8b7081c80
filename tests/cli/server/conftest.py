import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import environment
from tests.cli.server.backstage import Backstage


@pytest.fixture
def backstage(live: Path) -> Iterator[Backstage]:
    with subprocess.Popen(
        [sys.executable, "-m", "service.sandbox", "--dir", str(live / "sandbox")],
        env=environment(),
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        yield Backstage(json.loads(process.stdout.readline())["url"])
        process.terminate()
