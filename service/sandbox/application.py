"""The rooms of the sandbox put together: the API, the backstage, the inbox."""

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from service.sandbox.account import Account
from service.sandbox.api.routes import PREFIX, Api
from service.sandbox.callbacks.delivery import Callbacks
from service.sandbox.control.inbox import Inbox
from service.sandbox.control.routes import Backstage
from service.sandbox.event_log import Journal
from service.sandbox.faults import load_faults
from service.sandbox.faults.active import Trouble
from service.sandbox.faults.middleware import Strikes
from service.sandbox.lifecycle.lifecycle import Lives
from service.sandbox.lifecycle.status_callbacks import Receipts
from service.sandbox.messages.messages import Messages
from service.sandbox.options import Options


def make_app(options: Options, account: Account, journal: Journal) -> web.Application:
    """Serve what the log holds and go on with it; clean-up brings all to rest.

    To be called inside a running loop. Raises SandboxError or OSError where the file
    of faults is of no use.
    """
    faults = load_faults(options.faults)
    messages = Messages(journal)
    trouble = Trouble(faults)
    if faults:
        messages.record("faults", faults=[one.as_json() for one in faults])
    session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    callbacks = Callbacks(session, account.auth_token, messages)
    receipts = Receipts(callbacks, trouble, messages, account.sid)
    lives = Lives(messages, receipts, options.pace)
    strikes = Strikes(trouble, messages)
    api = Api(account, messages, lives, trouble)

    async def live(_: web.Application) -> AsyncIterator[None]:
        async with session:
            lives.resume()
            yield
            await lives.stop()

    async def let_go(_: web.Application) -> None:
        await lives.stop()
        trouble.put()
        await strikes.rest()

    app = web.Application()
    app.on_shutdown.append(let_go)
    app.cleanup_ctx.append(live)
    app.add_subapp(PREFIX, api.application(strikes))
    app.add_routes(
        Backstage(account, messages, receipts, trouble, options.inbound_url).routes()
    )
    app.add_routes(Inbox(messages).routes())
    return app
