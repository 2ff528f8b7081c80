"""The rooms of the sandbox put together: the API, the backstage, the inbox."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from service.sandbox.account import Account
from service.sandbox.api import PREFIX, Api
from service.sandbox.backstage import Backstage
from service.sandbox.callbacks import Callbacks
from service.sandbox.inbox import Inbox
from service.sandbox.journal import Journal
from service.sandbox.lives import Lives
from service.sandbox.messages import Messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where to listen and what to keep; times are seconds, `idle` 0 means for ever.

    `port` 0 takes a free one. `pace` is the time between two statuses of a message.
    """

    directory: Path
    host: str = "127.0.0.1"
    port: int = 0
    idle: float = 0.0
    pace: float = 0.02
    inbound_url: str | None = None


def make_app(options: Options, account: Account, journal: Journal) -> web.Application:
    """Serve what the log holds and go on with it; clean-up brings all to rest.

    To be called inside a running loop.
    """
    messages = Messages(journal)
    session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    callbacks = Callbacks(session, account.auth_token, messages)
    lives = Lives(messages, callbacks, account.sid, options.pace)

    async def live(_: web.Application) -> AsyncIterator[None]:
        async with session:
            lives.resume()
            yield
            await lives.stop()

    app = web.Application()
    app.cleanup_ctx.append(live)
    app.add_subapp(PREFIX, Api(account, messages, lives).application())
    app.add_routes(
        Backstage(account, messages, callbacks, options.inbound_url).routes()
    )
    app.add_routes(Inbox(messages).routes())
    return app
