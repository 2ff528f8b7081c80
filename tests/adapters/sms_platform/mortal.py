"""A program of processes that send by the outbox, each killed one call later.

`python mortal.py FOLDER`: in FOLDER, `accepted` gets every id that was answered yes,
`tried` every id that was not waited for in vain, and `taken/` the files as a platform
takes them away, as soon as a process has died. Its last line says how many died.
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
from tests.adapters.sms_platform.parcels import files, message, opened, sheet

OURS = str(Path(package.__file__).parent)
MESSAGES = 2


def dying_before(call: int) -> Callable[[FrameType, str, Any], None]:
    """Counts what the outbox's own code calls, in any thread, and kills itself.

    Also what a helper calls for it, such as pathlib the system.
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
    """Run one process; whether it was killed before its `call`th call."""
    child = os.fork()
    if child == 0:
        hook = dying_before(call)
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
    place, call = Path(sys.argv[1]), 0
    while died(place, call):
        if call % 3:
            take_away(place, call)
        call += 1
    take_away(place, call)
    sys.stdout.write(f"{call}\n")
