"""The sandbox process: listen, print the address, serve until stopped."""

import asyncio
import fcntl
import os
import sys
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web
from yarl import URL

from service.sandbox.account import load_account, write_account_file
from service.sandbox.application import make_app
from service.sandbox.errors import SandboxError
from service.sandbox.event_log import EventLog
from service.sandbox.idle_exit import ExitWatcher
from service.sandbox.options import Options


def run(options: Options) -> int:
    """Serve until SIGTERM, SIGINT or the idle time; returns the exit code.

    When ready, prints one JSON line {"url", "account_sid", "auth_token", "pid"}, also
    written to `sandbox.json` in the directory. The exit code is 0 after a stop, or 2
    with one line on stderr if the sandbox could not start.
    """
    try:
        asyncio.run(serve(options, _print_line))
    except (SandboxError, OSError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 2
    return 0


async def serve(options: Options, ready: Callable[[str], None]) -> None:
    """Serve as `run` does, in a running event loop; `ready` gets the JSON line.

    Raises SandboxError or OSError if it cannot start.
    """
    options.directory.mkdir(parents=True, exist_ok=True)
    event_log = EventLog(options.directory / "messages.jsonl")
    try:
        await _serve(options, event_log, ready)
    finally:
        event_log.close()


async def _serve(
    options: Options, event_log: EventLog, ready: Callable[[str], None]
) -> None:
    exit_watcher = ExitWatcher()
    account_file = options.directory / "sandbox.json"
    account = load_account(account_file)
    app = make_app(options, account, event_log)
    app.middlewares.append(exit_watcher.note_request)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    try:
        await runner.setup()
        url = await _listen(runner, options.host, options.port)
        ready(write_account_file(account_file, account, url))
        if options.users is not None:
            _release_start_lock()
            exit_watcher.exit_when_unused(options.users)
        await exit_watcher.wait_for_exit(options.idle)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int) -> str:
    try:
        await web.TCPSite(runner, host, port).start()
    except OverflowError as error:
        raise SandboxError.cannot_listen(host, port, "no such port") from error
    except OSError as error:
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else str(error)
        raise SandboxError.cannot_listen(host, port, why) from error
    return str(URL.build(scheme="http", host=host, port=runner.addresses[0][1]))


def _release_start_lock() -> None:
    """Let others look for this sandbox: its starter's lock is the standard input."""
    with suppress(OSError):
        fcntl.flock(0, fcntl.LOCK_UN)


def _print_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
