"""The Messages API under `/2010-04-01/Accounts`.

Source: twilio.com/docs/messaging/api/message-resource.
"""

from datetime import UTC, datetime

from aiohttp import web

from service.sandbox.account import Account
from service.sandbox.api.list_pages import find_page
from service.sandbox.authentication import authenticate, errors_as_json, json_response
from service.sandbox.faults import ListFault, MessageFault, Target
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
    """The request handlers of the Messages API, for one account."""

    def __init__(
        self,
        account: Account,
        messages: MessageLog,
        lifecycle: MessageLifecycle,
        active_faults: ActiveFaults,
    ) -> None:
        self._account = account
        self._messages = messages
        self._lifecycle = lifecycle
        self._active_faults = active_faults

    def make_app(self, faults: FaultMiddleware) -> web.Application:
        """Return the app to mount at PREFIX; faults apply after authentication."""
        app = web.Application(middlewares=[errors_as_json, authenticate(self._account)])
        collection, resource = (
            "/{account}/Messages.json",
            "/{account}/Messages/{sid}.json",
        )
        app.add_routes(
            [
                web.post(collection, faults.wrap("create", self.create)),
                web.get(collection, faults.wrap("list", self.page)),
                web.get(resource, faults.wrap("fetch", self.fetch)),
                web.post(resource, faults.wrap("update", self.update)),
                web.delete(resource, faults.wrap("delete", self.delete)),
            ]
        )
        return app

    async def create(self, request: web.Request) -> web.Response:
        """Log a new message, then answer 201 with it."""
        form = await request.post()
        raw = [[name, str(value)] for name, value in form.items()]
        try:
            submission = parse_submission(dict(raw), datetime.now(UTC))
            self._refuse_opted_out(submission)
        except RefusedError as refused:
            self._messages.record("refused", code=refused.code, form=raw)
            raise
        message = self._messages.create(
            submission,
            direction="outbound-api",
            status=submission.status,
            form=raw,
            **self._fault_fields(submission),
        )
        request[SID_KEY] = message.sid
        self._lifecycle.start(message)
        return json_response(self._to_json(message), status=201)

    async def page(self, request: web.Request) -> web.Response:
        """Answer with one page of messages, numbered and linked like Twilio's."""
        found = find_page(
            self._messages,
            request.query,
            datetime.now(UTC),
            self._list_faults(request),
        )
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
        """Answer with the current state of a message."""
        return json_response(self._to_json(self._find(request)))

    async def update(self, request: web.Request) -> web.Response:
        """Redact a message (empty Body), or cancel a scheduled message."""
        message, form = self._find(request), await request.post()
        if form.get("Body"):
            raise RefusedError(20001, "Body may only be emptied")
        if (status := form.get("Status")) not in {None, "canceled"}:
            raise RefusedError(20001, f"Status={status!r}")
        if status and message.status != "scheduled":
            raise RefusedError(30409, message.status)
        if status:
            self._lifecycle.advance(message, "canceled")
        if "Body" in form:
            self._messages.record("redacted", sid=message.sid)
        return json_response(self._to_json(message))

    async def delete(self, request: web.Request) -> web.Response:
        """Hide a message that has its final status; the log still holds it."""
        message = self._find(request)
        if not message.is_final:
            raise RefusedError(20009, message.status)
        self._messages.record("deleted", sid=message.sid)
        return web.Response(status=204)

    def _refuse_opted_out(self, submission: Submission) -> None:
        if self._messages.opt_outs.blocks(
            submission.to, submission.sender or POOL_NUMBER
        ):
            raise RefusedError(21610, submission.to)

    def _fault_fields(self, submission: Submission) -> dict[str, object]:
        """Return the log fields that faults add; the first fault wins each field."""
        fault_fields: dict[str, object] = {}
        target = Target("message", phone=submission.to, body=submission.body)
        for active_fault in self._active_faults.strike(MessageFault, target):
            fault_fields = active_fault.fault.event_fields() | fault_fields
        return fault_fields

    def _list_faults(self, request: web.Request) -> list[ListFault]:
        """Return the faults that strike a list, each logged."""
        target = Target("list", phone=request.query.get("To", ""))
        striking = [one.fault for one in self._active_faults.strike(ListFault, target)]
        for fault in striking:
            self._messages.record(
                "fault", fault=fault.fault, on="list", sid=None, form=[]
            )
        return striking

    def _find(self, request: web.Request) -> Message:
        message = self._messages.get(request.match_info["sid"])
        if message is None or message.deleted:
            raise RefusedError(20404, request.path)
        return message

    def _to_json(self, message: Message) -> dict[str, object]:
        return message_resource(message, self._account.sid)
