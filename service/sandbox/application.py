"""The rooms of the sandbox put together: the API, the backstage, the inbox."""

from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from service.sandbox.account import Account
from service.sandbox.api.routes import PREFIX, MessagesApi
from service.sandbox.callbacks.delivery import WebhookSender
from service.sandbox.control.inbox import Inbox
from service.sandbox.control.routes import ControlApi
from service.sandbox.event_log import EventLog
from service.sandbox.faults import load_faults
from service.sandbox.faults.active import ActiveFaults
from service.sandbox.faults.middleware import FaultMiddleware
from service.sandbox.lifecycle.lifecycle import MessageLifecycle
from service.sandbox.lifecycle.status_callbacks import StatusCallbacks
from service.sandbox.messages.messages import MessageLog
from service.sandbox.options import Options


def make_app(options: Options, account: Account, journal: EventLog) -> web.Application:
    """Serve what the log holds and go on with it; clean-up brings all to rest.

    To be called inside a running loop. Raises SandboxError or OSError where the file
    of faults is of no use.
    """
    faults = load_faults(options.faults)
    messages = MessageLog(journal)
    trouble = ActiveFaults(faults)
    if faults:
        messages.record("faults", faults=[one.as_json() for one in faults])
    session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    callbacks = WebhookSender(session, account.auth_token, messages)
    receipts = StatusCallbacks(callbacks, trouble, messages, account.sid)
    lives = MessageLifecycle(messages, receipts, options.pace)
    strikes = FaultMiddleware(trouble, messages)
    api = MessagesApi(account, messages, lives, trouble)

    async def live(_: web.Application) -> AsyncIterator[None]:
        async with session:
            lives.resume()
            yield
            await lives.stop()

    async def let_go(_: web.Application) -> None:
        await lives.stop()
        trouble.replace()
        await strikes.wait_until_idle()

    app = web.Application()
    app.on_shutdown.append(let_go)
    app.cleanup_ctx.append(live)
    app.add_subapp(PREFIX, api.make_app(strikes))
    app.add_routes(
        ControlApi(account, messages, receipts, trouble, options.inbound_url).routes()
    )
    app.add_routes(Inbox(messages).routes())
    return app
