"""All messages, outbound and inbound, rebuilt from the log at the start."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

from service.sandbox.event_log import Event, EventLog
from service.sandbox.messages.fates import SimulatedDelivery, delivery_to
from service.sandbox.messages.opt_outs import OptOuts, read_keyword
from service.sandbox.messages.segments import segments
from service.sandbox.messages.submission import LONGEST_VALIDITY, Submission

POOL_NUMBER = "+15005550006"
"""The sender of every messaging service: Twilio's valid magic number."""


@dataclass(slots=True)
class Message:
    """The state of one SMS after its events; `number` counts arrivals from 0.

    It leaves the queue between `leaves_at` and `valid_until`. `opt_out_type` is the
    keyword that Advanced Opt-Out recognised in an inbound text.
    """

    number: int
    sid: str
    direction: str
    to: str
    sender: str | None
    service: str | None
    body: str
    segments: int
    callback: str | None
    send_at: datetime | None
    form: list[list[str]]
    created_at: datetime
    updated_at: datetime
    statuses: list[str]
    delivery: SimulatedDelivery
    opt_out_type: str | None
    listed_at: datetime
    leaves_at: datetime
    valid_until: datetime
    sent_at: datetime | None = None
    error_code: int | None = None
    deleted: bool = False
    called_back: set[str] = field(default_factory=set)
    withheld: set[str] = field(default_factory=set)

    @property
    def status(self) -> str:
        """The present status."""
        return self.statuses[-1]

    @property
    def is_final(self) -> bool:
        """Whether no status follows the present one."""
        return not self.delivery.statuses_after(self.status)

    @property
    def phone(self) -> str:
        """The person's number: the sender of an inbound text, else the recipient."""
        return (self.sender or "") if self.direction == "inbound" else self.to

    @classmethod
    def from_event(cls, number: int, event: Event) -> Self:
        """Return the message of a `created` event."""
        at, send_at = _whole_seconds(event["at"]), event["send_at"]
        queued_at = datetime.fromisoformat(send_at or event["at"])
        validity = event.get("validity", LONGEST_VALIDITY)
        return cls(
            number=number,
            sid=event["sid"],
            direction=event["direction"],
            to=event["to"],
            sender=event["from"],
            service=event["service"],
            body=event["body"],
            segments=event["segments"],
            callback=event["callback"],
            send_at=_whole_seconds(send_at) if send_at else None,
            form=event["form"],
            created_at=at,
            updated_at=at,
            statuses=[event["status"]],
            delivery=_delivery(event),
            opt_out_type=event.get("wish"),
            listed_at=at + timedelta(seconds=event.get("unlisted", 0)),
            leaves_at=queued_at + timedelta(seconds=event.get("stuck", 0)),
            valid_until=queued_at + timedelta(seconds=validity),
            sent_at=at if event["direction"] == "inbound" else None,
        )

    def apply(self, event: Event) -> None:
        """Apply one later event of this message."""
        match event["event"]:
            case "status":
                self._apply_status(event)
            case "callback":
                self.called_back.add(event["status"])
                return
            case "withheld":
                self.withheld.add(event["status"])
                return
            case "redacted":
                self.body = ""
            case "deleted":
                self.deleted = True
            case unknown:
                raise ValueError(unknown)
        self.updated_at = _whole_seconds(event["at"])

    def _apply_status(self, event: Event) -> None:
        self.statuses.append(event["status"])
        self.sender = event["from"]
        self.error_code = event["error_code"]
        if event["status"] == "sent":
            self.sent_at = _whole_seconds(event["at"])


def _delivery(event: Event) -> SimulatedDelivery:
    if ending := event.get("ending"):
        return SimulatedDelivery(
            tuple(ending["path"]), ending["code"], "a fault wants it so"
        )
    return delivery_to(event["to"])


def _whole_seconds(text: str) -> datetime:
    """Twilio's API gives whole seconds; the log has microseconds."""
    return datetime.fromisoformat(text).replace(microsecond=0)


class MessageLog:
    """The messages and opt-outs that follow from the log; every change is logged."""

    def __init__(self, event_log: EventLog) -> None:
        self._event_log = event_log
        self._by_sid: dict[str, Message] = {}
        self.opt_outs = OptOuts()
        event_log.replay(self._apply)

    def record(self, event: str, **facts: object) -> None:
        """Log an event, then apply it."""
        line: Event = {"event": event, "at": datetime.now(UTC).isoformat(), **facts}
        self._event_log.append(line)
        self._apply(line)

    def create(
        self,
        submission: Submission,
        *,
        direction: str,
        status: str,
        form: list[list[str]],
        **facts: object,
    ) -> Message:
        """Log a new message; `form` is the posted form, field by field, unchanged.

        `facts` are further fields of the event: `ending`, `stuck` and `unlisted` from
        faults, and `wish`, the OptOutType of an inbound text.
        """
        sid = "SM" + uuid.uuid4().hex
        self.record(
            "created",
            sid=sid,
            direction=direction,
            status=status,
            to=submission.to,
            **{"from": submission.sender},
            service=submission.service,
            body=submission.body,
            segments=segments(submission.body),
            callback=submission.callback,
            send_at=submission.send_at.isoformat() if submission.send_at else None,
            validity=submission.validity,
            form=form,
            **facts,
        )
        return self._by_sid[sid]

    def get(self, sid: str) -> Message | None:
        """Find one message, deleted or not."""
        return self._by_sid.get(sid)

    def newest_first(self) -> Iterator[Message]:
        """Iterate over all messages, deleted ones too, the latest arrival first."""
        return reversed(self._by_sid.values())

    def in_order(self) -> Iterator[Message]:
        """Iterate over all messages, deleted ones too, the earliest arrival first."""
        return iter(self._by_sid.values())

    def _apply(self, event: Event) -> None:
        match event["event"]:
            case "refused" | "fault" | "faults":
                pass
            case "created":
                message = Message.from_event(len(self._by_sid), event)
                self._by_sid[message.sid] = message
                if message.direction == "inbound":
                    keyword = message.opt_out_type or read_keyword(message.body)
                    self.opt_outs.apply(message.phone, message.to, keyword)
            case _:
                self._by_sid[event["sid"]].apply(event)
