"""The sandbox's web application: Messages API, control API and inbox."""

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


def make_app(
    options: Options, account: Account, event_log: EventLog
) -> web.Application:
    """Return the application; it resumes the messages of the log when it starts.

    Call it inside a running event loop. Raises SandboxError or OSError if the file of
    faults cannot be used.
    """
    faults = load_faults(options.faults)
    messages = MessageLog(event_log)
    active_faults = ActiveFaults(faults)
    if faults:
        messages.record("faults", faults=[one.as_json() for one in faults])
    session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    webhook_sender = WebhookSender(session, account.auth_token, messages)
    status_callbacks = StatusCallbacks(
        webhook_sender, active_faults, messages, account.sid
    )
    lifecycle = MessageLifecycle(messages, status_callbacks, options.pace)
    fault_middleware = FaultMiddleware(active_faults, messages)
    api = MessagesApi(account, messages, lifecycle, active_faults)

    async def run_lifecycle(_: web.Application) -> AsyncIterator[None]:
        async with session:
            lifecycle.resume()
            yield
            await lifecycle.stop()

    async def release_requests(_: web.Application) -> None:
        await lifecycle.stop()
        active_faults.replace()
        await fault_middleware.wait_until_idle()

    app = web.Application()
    app.on_shutdown.append(release_requests)
    app.cleanup_ctx.append(run_lifecycle)
    app.add_subapp(PREFIX, api.make_app(fault_middleware))
    app.add_routes(
        ControlApi(
            account, messages, status_callbacks, active_faults, options.inbound_url
        ).routes()
    )
    app.add_routes(Inbox(messages).routes())
    return app
