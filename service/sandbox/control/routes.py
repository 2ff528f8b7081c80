"""What Twilio has not: the whole truth for tests, and a person who writes back."""

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
    """Handlers under `/_sandbox`, open to whoever reaches the loopback."""

    def __init__(
        self,
        account: Account,
        messages: MessageLog,
        receipts: StatusCallbacks,
        trouble: ActiveFaults,
        inbound_url: str | None,
    ) -> None:
        self._account = account
        self._messages = messages
        self._receipts = receipts
        self._trouble = trouble
        self._inbound_url = inbound_url

    def routes(self) -> list[web.RouteDef]:
        """List the paths to serve."""
        return [
            web.get("/_sandbox/health", self.health),
            web.get("/_sandbox/messages", self.messages),
            web.post("/_sandbox/inbound", self.inbound),
            web.get("/_sandbox/faults", self.faults),
            web.put("/_sandbox/faults", self.put_faults),
            web.delete("/_sandbox/faults", self.clear_faults),
        ]

    async def health(self, _: web.Request) -> web.Response:
        """Say whose sandbox lives here: a client knows the SID it was given."""
        return json_response({"status": "ok", "account_sid": self._account.sid})

    async def messages(self, _: web.Request) -> web.Response:
        """Tell of every message ever taken, oldest first, deleted ones too."""
        told = [
            message_with_history(one, self._account.sid)
            for one in self._messages.in_order()
        ]
        return json_response(told)

    async def inbound(self, request: web.Request) -> web.Response:
        """Bring an answer: From, To, Body, and Url unless given at the start.

        Posts the signed webhook and says what came of it; 400 names what is missing.
        With an OptOutType it is a text to a service with Advanced Opt-Out, whose own
        keywords made that of it.
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
        wish = form.get("OptOutType")
        if wish not in {None, *OPT_OUT_KEYWORDS}:
            text = (
                f"inbound: OptOutType: found {wish}, expected "
                f"{', '.join(OPT_OUT_KEYWORDS)}"
            )
            raise web.HTTPBadRequest(text=text)
        said = Submission(form["To"], form["From"], None, form["Body"], None, None)
        message = self._messages.create(
            said, direction="inbound", status="received", form=raw, wish=wish
        )
        result = await self._receipts.post_inbound(message, url)
        return json_response({"sid": message.sid, "result": result})

    async def faults(self, _: web.Request) -> web.Response:
        """List the faults in force, with what each met and struck."""
        return json_response(self._trouble.as_json())

    async def put_faults(self, request: web.Request) -> web.Response:
        """Replace all faults by a JSON list; 400 names every mistake in it."""
        try:
            faults = parse_faults(await request.read(), "faults")
        except SandboxError as wrong:
            raise web.HTTPBadRequest(text=str(wrong)) from wrong
        return self._replace_faults(faults)

    async def clear_faults(self, _: web.Request) -> web.Response:
        """Lift all faults, and let go whoever waits because of one."""
        return self._replace_faults([])

    def _replace_faults(self, faults: Sequence[Fault]) -> web.Response:
        self._messages.record("faults", faults=[one.as_json() for one in faults])
        self._trouble.replace(faults)
        return json_response(self._trouble.as_json())
