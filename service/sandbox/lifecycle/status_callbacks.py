"""The word of what became of a message, on its way through the faults in force."""

from collections.abc import Iterable, Sequence

from service.sandbox.callbacks.delivery import WebhookSender
from service.sandbox.callbacks.forms import inbound_form, status_form
from service.sandbox.callbacks.webhook import OutgoingWebhook
from service.sandbox.faults import CallbackFault, Target
from service.sandbox.faults.active import ActiveFaults
from service.sandbox.messages.messages import Message, MessageLog
from service.sandbox.sleep import interruptible_sleep


class StatusCallbacks:
    """Posts status callbacks and inbound texts, or what the faults make of them."""

    def __init__(
        self,
        callbacks: WebhookSender,
        trouble: ActiveFaults,
        messages: MessageLog,
        account_sid: str,
    ) -> None:
        self._callbacks = callbacks
        self._trouble = trouble
        self._messages = messages
        self._account_sid = account_sid
        self._waiting: dict[str, list[OutgoingWebhook]] = {}

    async def post_status(self, message: Message, url: str, status: str) -> None:
        """Call back about a status."""
        fields = status_form(message, status, self._account_sid)
        post = OutgoingWebhook(url=url, sid=message.sid, status=status, fields=fields)
        posts = self._apply_faults("status", message, post)
        await self._deliver(self._release_ready(message, posts))

    async def post_inbound(self, message: Message, url: str) -> str:
        """Post what a phone wrote; returns the last result, or `lost`."""
        fields = inbound_form(message, self._account_sid)
        post = OutgoingWebhook(
            url=url, sid=message.sid, status="received", fields=fields
        )
        return await self._deliver(self._apply_faults("inbound", message, post))

    def _release_ready(
        self, message: Message, posts: Sequence[OutgoingWebhook]
    ) -> Sequence[OutgoingWebhook]:
        """Hold back what has a rank until its message has come to its end."""
        ready = [one for one in posts if one.rank is None]
        ranked = self._waiting.pop(message.sid, [])
        ranked += [one for one in posts if one.rank is not None]
        if message.is_final:
            return ready + sorted(ranked, key=_rank)
        if ranked:
            self._waiting[message.sid] = ranked
        return ready

    def _apply_faults(
        self, kind: str, message: Message, post: OutgoingWebhook
    ) -> list[OutgoingWebhook]:
        target = Target(kind, phone=message.phone, body=message.body)
        posts = [post]
        for armed in self._trouble.strike(CallbackFault, target):
            posts = [
                changed
                for one in posts
                for changed in armed.fault.change(one, armed.rng)
            ]
        if not posts:
            self._messages.record("withheld", sid=post.sid, status=post.status)
        return posts

    async def _deliver(self, posts: Iterable[OutgoingWebhook]) -> str:
        """Keep their order; delays count from now, not one after the other."""
        result, waited, lifted = "lost", 0.0, self._trouble.lifted
        for post in posts:
            if post.delay > waited:
                await interruptible_sleep(post.delay - waited, lifted)
                waited = post.delay
            result = await self._callbacks.deliver(post)
        return result


def _rank(post: OutgoingWebhook) -> float:
    return post.rank or 0.0
