import asyncio
import os
import sys
from pathlib import Path

import pytest

from service.adapters.drop_folders.watch import RegisterWatch
from tests.cli.server.backstage import until


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_process_whose_line_has_no_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, python = tmp_path / "pid", tmp_path / "python"
    python.write_text(
        f"#!/bin/sh\necho $$ > {told}\nhead -c 200000 /dev/zero\nexec sleep 600\n"
    )
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    root = tmp_path / "registers"
    (root / "city").mkdir(parents=True)
    (root / "city.toml").touch()
    (root / "city" / "a.csv").write_text("number\n")

    def is_over() -> bool:
        pid = told.read_text() if told.exists() else ""
        return pid.endswith("\n") and not is_alive(int(pid))

    async with RegisterWatch(root, 0.01).run():
        await asyncio.to_thread(until, is_over)
