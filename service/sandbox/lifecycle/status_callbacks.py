"""Status callbacks and inbound texts, as the active faults change them."""

from collections.abc import Iterable, Sequence

from service.sandbox.callbacks.delivery import WebhookSender
from service.sandbox.callbacks.forms import inbound_form, status_form
from service.sandbox.callbacks.webhook import OutgoingWebhook
from service.sandbox.faults import CallbackFault, Target
from service.sandbox.faults.active import ActiveFaults
from service.sandbox.messages.messages import Message, MessageLog
from service.sandbox.sleep import interruptible_sleep


class StatusCallbacks:
    """Posts status callbacks and inbound texts, changed by the active faults."""

    def __init__(
        self,
        webhook_sender: WebhookSender,
        active_faults: ActiveFaults,
        messages: MessageLog,
        account_sid: str,
    ) -> None:
        self._webhook_sender = webhook_sender
        self._active_faults = active_faults
        self._messages = messages
        self._account_sid = account_sid
        self._waiting: dict[str, list[OutgoingWebhook]] = {}

    async def post_status(self, message: Message, url: str, status: str) -> None:
        """Post the callback of a status to `url`."""
        fields = status_form(message, status, self._account_sid)
        webhook = OutgoingWebhook(
            url=url, sid=message.sid, status=status, fields=fields
        )
        webhooks = self._apply_faults("status", message, webhook)
        await self._deliver(self._release_ready(message, webhooks))

    async def post_inbound(self, message: Message, url: str) -> str:
        """Post an inbound text to `url`; returns the last result, or `lost`."""
        fields = inbound_form(message, self._account_sid)
        webhook = OutgoingWebhook(
            url=url, sid=message.sid, status="received", fields=fields
        )
        return await self._deliver(self._apply_faults("inbound", message, webhook))

    def _release_ready(
        self, message: Message, webhooks: Sequence[OutgoingWebhook]
    ) -> Sequence[OutgoingWebhook]:
        """Return the webhooks to post now; ranked ones wait for the final status."""
        unranked = [one for one in webhooks if one.rank is None]
        ranked = self._waiting.pop(message.sid, [])
        ranked += [one for one in webhooks if one.rank is not None]
        if message.is_final:
            return unranked + sorted(ranked, key=_rank)
        if ranked:
            self._waiting[message.sid] = ranked
        return unranked

    def _apply_faults(
        self, kind: str, message: Message, webhook: OutgoingWebhook
    ) -> list[OutgoingWebhook]:
        target = Target(kind, phone=message.phone, body=message.body)
        webhooks = [webhook]
        for active_fault in self._active_faults.strike(CallbackFault, target):
            webhooks = [
                changed
                for one in webhooks
                for changed in active_fault.fault.change(one, active_fault.rng)
            ]
        if not webhooks:
            self._messages.record("withheld", sid=webhook.sid, status=webhook.status)
        return webhooks

    async def _deliver(self, webhooks: Iterable[OutgoingWebhook]) -> str:
        """Post in this order; each delay counts from now. Returns the last result."""
        result, waited, lifted = "lost", 0.0, self._active_faults.lifted
        for webhook in webhooks:
            if webhook.delay > waited:
                await interruptible_sleep(webhook.delay - waited, lifted)
                waited = webhook.delay
            result = await self._webhook_sender.deliver(webhook)
        return result


def _rank(webhook: OutgoingWebhook) -> float:
    return webhook.rank or 0.0
