"""The control API, which Twilio does not have: messages, inbound texts, faults."""

from collections.abc import Sequence

from aiohttp import web

from service.sandbox.account import Account
from service.sandbox.authentication import json_response
from service.sandbox.errors import SandboxError
from service.sandbox.faults import Fault, parse_faults
from service.sandbox.faults.active import ActiveFaults
from service.sandbox.lifecycle.status_callbacks import StatusCallbacks
from service.sandbox.messages.messages import MessageLog
from service.sandbox.messages.opt_outs import OPT_OUT_KEYWORDS
from service.sandbox.messages.resource import message_with_history
from service.sandbox.messages.submission import Submission, check_url
from service.sandbox.refusals import RefusedError


class ControlApi:
    """Handlers under `/_sandbox`; they need no authentication."""

    def __init__(
        self,
        account: Account,
        messages: MessageLog,
        status_callbacks: StatusCallbacks,
        active_faults: ActiveFaults,
        inbound_url: str | None,
    ) -> None:
        self._account = account
        self._messages = messages
        self._status_callbacks = status_callbacks
        self._active_faults = active_faults
        self._inbound_url = inbound_url

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the control API."""
        return [
            web.get("/_sandbox/health", self.health),
            web.get("/_sandbox/messages", self.messages),
            web.post("/_sandbox/inbound", self.inbound),
            web.get("/_sandbox/faults", self.faults),
            web.put("/_sandbox/faults", self.put_faults),
            web.delete("/_sandbox/faults", self.clear_faults),
        ]

    async def health(self, _: web.Request) -> web.Response:
        """Answer with the account SID, by which a client recognises its own sandbox."""
        return json_response({"status": "ok", "account_sid": self._account.sid})

    async def messages(self, _: web.Request) -> web.Response:
        """List all messages, oldest first, deleted ones too."""
        listed = [
            message_with_history(message, self._account.sid)
            for message in self._messages.in_order()
        ]
        return json_response(listed)

    async def inbound(self, request: web.Request) -> web.Response:
        """Post an inbound text: From, To, Body, and Url unless `--inbound-url` is set.

        Posts the signed webhook and answers with its result; 400 names missing fields.
        OptOutType simulates a messaging service with Advanced Opt-Out, which adds that
        field to its webhook.
        """
        raw = [[name, str(value)] for name, value in (await request.post()).items()]
        form = {"Url": self._inbound_url or "", **dict(raw)}
        missing = [name for name in ("From", "To", "Body", "Url") if not form.get(name)]
        if missing:
            text = f"inbound: missing {', '.join(missing)}; send them as form fields"
            raise web.HTTPBadRequest(text=text)
        try:
            url = check_url(form["Url"])
        except RefusedError as refused:
            text = f"inbound: Url: found {form['Url']}, expected http://… or https://…"
            raise web.HTTPBadRequest(text=text) from refused
        opt_out_type = form.get("OptOutType")
        if opt_out_type not in {None, *OPT_OUT_KEYWORDS}:
            text = (
                f"inbound: OptOutType: found {opt_out_type}, expected "
                f"{', '.join(OPT_OUT_KEYWORDS)}"
            )
            raise web.HTTPBadRequest(text=text)
        submission = Submission(
            form["To"], form["From"], None, form["Body"], None, None
        )
        message = self._messages.create(
            submission,
            direction="inbound",
            status="received",
            form=raw,
            wish=opt_out_type,
        )
        result = await self._status_callbacks.post_inbound(message, url)
        return json_response({"sid": message.sid, "result": result})

    async def faults(self, _: web.Request) -> web.Response:
        """List the active faults, each with its `met` and `struck` counts."""
        return json_response(self._active_faults.as_json())

    async def put_faults(self, request: web.Request) -> web.Response:
        """Replace all faults by a JSON list; 400 lists every mistake in it."""
        try:
            faults = parse_faults(await request.read(), "faults")
        except SandboxError as wrong:
            raise web.HTTPBadRequest(text=str(wrong)) from wrong
        return self._replace_faults(faults)

    async def clear_faults(self, _: web.Request) -> web.Response:
        """Remove all faults, and release what waits because of one."""
        return self._replace_faults([])

    def _replace_faults(self, faults: Sequence[Fault]) -> web.Response:
        self._messages.record("faults", faults=[one.as_json() for one in faults])
        self._active_faults.replace(faults)
        return json_response(self._active_faults.as_json())
