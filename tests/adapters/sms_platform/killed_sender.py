"""A program that sends from child processes, each killed some calls later.

`python killed_sender.py FOLDER CALLS` writes to FOLDER: `accepted` has every accepted
id, `tried` every id passed to `send`, and `taken/` the files that a platform took after
a process was killed. It prints the number of processes killed.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import service.adapters.sms_platform as package
from service.domain.delivery.outcome import Accepted
from tests.adapters.sms_platform.samples import files, message, opened, sheet

OURS = str(Path(package.__file__).parent)
MESSAGES = 2


def kill_before(call: int) -> Callable[[FrameType, str, Any], None]:
    """Return a profiler that kills the process before a call of the adapter's code.

    It counts C calls in any thread, also those of one function in between, such as
    pathlib's.
    """
    lock, left = threading.Lock(), [call]

    def ours(frame: FrameType | None) -> bool:
        return frame is not None and frame.f_code.co_filename.startswith(OURS)

    def count(frame: FrameType, event: str, _: Any) -> None:  # noqa: ANN401
        if event != "c_call" or not (ours(frame) or ours(frame.f_back)):
            return
        with lock:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return count


def note(folder: Path, name: str, line: str) -> None:
    with (folder / name).open("a") as file:
        file.write(f"{line}\n")


async def work(folder: Path, call: int) -> None:
    async with opened(sheet(folder), folder) as provider:
        for number in range(MESSAGES):
            one = message(id=f"{call}-{number}")
            note(folder, "tried", one.id)
            if isinstance(await provider.send(one), Accepted):
                note(folder, "accepted", one.id)
        await provider.flush()


def died(folder: Path, call: int) -> bool:
    """Run one process; return whether it was killed before its `call`th call."""
    child = os.fork()
    if child == 0:
        hook = kill_before(call)
        threading.setprofile(hook)
        sys.setprofile(hook)
        asyncio.run(work(folder, call))
        sys.setprofile(None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert status == 0
    return False


def take_away(folder: Path, call: int) -> None:
    (folder / "taken").mkdir(exist_ok=True)
    for path in files(folder):
        path.rename(folder / "taken" / f"{call:04}-{path.name}")


if __name__ == "__main__":
    place, calls = Path(sys.argv[1]), int(sys.argv[2])
    deaths = 0
    while died(place, deaths * calls):
        if deaths % 3:
            take_away(place, deaths)
        deaths += 1
    take_away(place, deaths)
    sys.stdout.write(f"{deaths}\n")
