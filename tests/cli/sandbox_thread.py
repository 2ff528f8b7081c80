"""The sandbox of a folder in a thread of this process, where a start costs little."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from threading import Thread

from aiohttp import web

from service.sandbox.account import load_account, write_account_file
from service.sandbox.application import make_app
from service.sandbox.event_log import EventLog
from service.sandbox.options import Options


@contextmanager
def sandbox_beside(database: Path) -> Iterator[str]:
    """Run the sandbox that all commands in a folder use; its URL.

    They find it by its account file, as they find one that another process started.
    """
    folder = database / "sandbox"
    folder.mkdir(exist_ok=True)
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="sandbox")
    thread.start()
    stack = AsyncExitStack()
    try:
        yield asyncio.run_coroutine_threadsafe(_open(folder, stack), loop).result(60)
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _open(folder: Path, stack: AsyncExitStack) -> str:
    log = EventLog(folder / "messages.jsonl")
    stack.callback(log.close)
    account = load_account(folder / "sandbox.json")
    app = make_app(Options(directory=folder), account, log)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    write_account_file(folder / "sandbox.json", account, url)
    return url
