"""The Messages API under `/2010-04-01/Accounts` (see `resource` for its page)."""

from datetime import UTC, datetime

from aiohttp import web

from service.sandbox.account import Account
from service.sandbox.api.list_pages import find_page
from service.sandbox.authentication import authenticate, errors_as_json, json_response
from service.sandbox.faults import MessageFault, Target
from service.sandbox.faults.active import ActiveFaults
from service.sandbox.faults.faulted_request import SID_KEY
from service.sandbox.faults.middleware import FaultMiddleware
from service.sandbox.lifecycle.lifecycle import MessageLifecycle
from service.sandbox.messages.messages import POOL_NUMBER, Message, MessageLog
from service.sandbox.messages.resource import API_VERSION, message_resource
from service.sandbox.messages.submission import Submission, parse_submission
from service.sandbox.refusals import RefusedError

PREFIX = f"/{API_VERSION}/Accounts"


class MessagesApi:
    """Handlers of one account's messages."""

    def __init__(
        self,
        account: Account,
        messages: MessageLog,
        lives: MessageLifecycle,
        trouble: ActiveFaults,
    ) -> None:
        self._account = account
        self._messages = messages
        self._lives = lives
        self._trouble = trouble

    def make_app(self, faults: FaultMiddleware) -> web.Application:
        """To be mounted at PREFIX; whoever may call is at the mercy of the faults."""
        app = web.Application(middlewares=[errors_as_json, authenticate(self._account)])
        every, one = "/{account}/Messages.json", "/{account}/Messages/{sid}.json"
        app.add_routes(
            [
                web.post(every, faults.wrap("create", self.create)),
                web.get(every, faults.wrap("list", self.page)),
                web.get(one, faults.wrap("fetch", self.fetch)),
                web.post(one, faults.wrap("update", self.update)),
                web.delete(one, faults.wrap("delete", self.delete)),
            ]
        )
        return app

    async def create(self, request: web.Request) -> web.Response:
        """Answer 201 and the message, once it stands in the log."""
        form = await request.post()
        raw = [[name, str(value)] for name, value in form.items()]
        try:
            asked = parse_submission(dict(raw), datetime.now(UTC))
            self._refuse_opted_out(asked)
        except RefusedError as refused:
            self._messages.record("refused", code=refused.code, form=raw)
            raise
        message = self._messages.create(
            asked,
            direction="outbound-api",
            status=asked.status,
            form=raw,
            **self._fault_fields(asked),
        )
        request[SID_KEY] = message.sid
        self._lives.start(message)
        return json_response(self._to_json(message), status=201)

    async def page(self, request: web.Request) -> web.Response:
        """Show one page, numbered and linked as Twilio does."""
        found = find_page(self._messages, request.query, datetime.now(UTC))
        start = found.number * found.size

        def link(query: str | None) -> str | None:
            return f"{request.path}?{query}" if query else None

        return json_response(
            {
                "messages": [self._to_json(message) for message in found.messages],
                "page": found.number,
                "page_size": found.size,
                "start": start,
                "end": start + max(len(found.messages) - 1, 0),
                "uri": request.path_qs,
                "first_page_uri": link(found.first),
                "previous_page_uri": link(found.previous),
                "next_page_uri": link(found.next),
            }
        )

    async def fetch(self, request: web.Request) -> web.Response:
        """Show the message as it is now."""
        return json_response(self._to_json(self._find(request)))

    async def update(self, request: web.Request) -> web.Response:
        """Redact on an empty Body; stop a scheduled one on Status=canceled."""
        message, form = self._find(request), await request.post()
        if form.get("Body"):
            raise RefusedError(20001, "Body may only be emptied")
        if (status := form.get("Status")) not in {None, "canceled"}:
            raise RefusedError(20001, f"Status={status!r}")
        if status and message.status != "scheduled":
            raise RefusedError(30409, message.status)
        if status:
            self._lives.advance(message, "canceled")
        if "Body" in form:
            self._messages.record("redacted", sid=message.sid)
        return json_response(self._to_json(message))

    async def delete(self, request: web.Request) -> web.Response:
        """Hide it from now on, not while it is on its way; the log keeps it."""
        message = self._find(request)
        if not message.is_final:
            raise RefusedError(20009, message.status)
        self._messages.record("deleted", sid=message.sid)
        return web.Response(status=204)

    def _refuse_opted_out(self, asked: Submission) -> None:
        if self._messages.opt_outs.blocks(asked.to, asked.sender or POOL_NUMBER):
            raise RefusedError(21610, asked.to)

    def _fault_fields(self, asked: Submission) -> dict[str, object]:
        """What faults make of a message; of two that say the same, the first counts."""
        facts: dict[str, object] = {}
        target = Target("message", phone=asked.to, body=asked.body)
        for armed in self._trouble.strike(MessageFault, target):
            facts = armed.fault.event_fields() | facts
        return facts

    def _find(self, request: web.Request) -> Message:
        message = self._messages.get(request.match_info["sid"])
        if message is None or message.deleted:
            raise RefusedError(20404, request.path)
        return message

    def _to_json(self, message: Message) -> dict[str, object]:
        return message_resource(message, self._account.sid)
