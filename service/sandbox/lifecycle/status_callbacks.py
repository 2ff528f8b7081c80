"""The word of what became of a message, on its way through the faults in force."""

from collections.abc import Iterable, Sequence

from service.sandbox.callbacks.delivery import Callbacks
from service.sandbox.callbacks.forms import inbound_form, status_form
from service.sandbox.callbacks.webhook import Post
from service.sandbox.faults import CallbackFault, Target
from service.sandbox.faults.active import Trouble
from service.sandbox.messages.messages import Message, Messages
from service.sandbox.sleep import pause


class Receipts:
    """Posts status callbacks and inbound texts, or what the faults make of them."""

    def __init__(
        self,
        callbacks: Callbacks,
        trouble: Trouble,
        messages: Messages,
        account_sid: str,
    ) -> None:
        self._callbacks = callbacks
        self._trouble = trouble
        self._messages = messages
        self._account_sid = account_sid
        self._waiting: dict[str, list[Post]] = {}

    async def announce(self, message: Message, url: str, status: str) -> None:
        """Call back about a status."""
        fields = status_form(message, status, self._account_sid)
        post = Post(url=url, sid=message.sid, status=status, fields=fields)
        posts = self._struck("status", message, post)
        await self._deliver(self._ready(message, posts))

    async def bring(self, message: Message, url: str) -> str:
        """Post what a phone wrote; returns the last result, or `lost`."""
        fields = inbound_form(message, self._account_sid)
        post = Post(url=url, sid=message.sid, status="received", fields=fields)
        return await self._deliver(self._struck("inbound", message, post))

    def _ready(self, message: Message, posts: Sequence[Post]) -> Sequence[Post]:
        """Hold back what has a rank until its message has come to its end."""
        ready = [one for one in posts if one.rank is None]
        ranked = self._waiting.pop(message.sid, [])
        ranked += [one for one in posts if one.rank is not None]
        if message.over:
            return ready + sorted(ranked, key=_rank)
        if ranked:
            self._waiting[message.sid] = ranked
        return ready

    def _struck(self, kind: str, message: Message, post: Post) -> list[Post]:
        target = Target(kind, phone=message.phone, body=message.body)
        posts = [post]
        for armed in self._trouble.striking(CallbackFault, target):
            posts = [
                changed
                for one in posts
                for changed in armed.fault.change(one, armed.rng)
            ]
        if not posts:
            self._messages.record("withheld", sid=post.sid, status=post.status)
        return posts

    async def _deliver(self, posts: Iterable[Post]) -> str:
        """Keep their order; delays count from now, not one after the other."""
        result, waited, lifted = "lost", 0.0, self._trouble.lifted
        for post in posts:
            if post.delay > waited:
                await pause(post.delay - waited, lifted)
                waited = post.delay
            result = await self._callbacks.deliver(post)
        return result


def _rank(post: Post) -> float:
    return post.rank or 0.0
