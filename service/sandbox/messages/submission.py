"""The form of `POST Messages.json`, checked in Twilio's order."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from service.sandbox.refusals import MAGIC_FROM, MAGIC_TO, RefusedError

LONGEST_VALIDITY = 36_000
"""Seconds: Twilio's longest and default ValidityPeriod, the time in the queue."""

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SENDER = re.compile(r"\+?\d{3,15}|(?=.*[A-Za-z])[A-Za-z0-9 +_&-]{1,11}")
_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_LONGEST_BODY = 1600
_SEND_AT = "%Y-%m-%dT%H:%M:%SZ"
_SOONEST, _LATEST = timedelta(seconds=300), timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Submission:
    """A valid message; `sender` is None if a messaging service chooses one.

    `validity` is the longest time in the queue, in seconds.
    """

    to: str
    sender: str | None
    service: str | None
    body: str
    callback: str | None
    send_at: datetime | None
    validity: int = LONGEST_VALIDITY

    @property
    def status(self) -> str:
        """The first status, which no callback announces."""
        if self.send_at:
            return "scheduled"
        return "accepted" if self.service else "queued"


def parse_submission(form: Mapping[str, str], now: datetime) -> Submission:
    """Read the form; unknown fields are ignored, as by Twilio.

    Raises RefusedError with the first reason. A body is required: media and content
    templates are not simulated.
    """
    to, body = form.get("To", ""), form.get("Body", "")
    sender, service = form.get("From") or None, form.get("MessagingServiceSid") or None
    if sender and _SERVICE.fullmatch(sender):
        sender, service = None, sender
    _require(to, sender or service, body)
    _check_to(to)
    _check_from(sender, service)
    validity = _validity(form.get("ValidityPeriod"))
    return Submission(
        to=to,
        sender=sender,
        service=service,
        body=body,
        callback=check_url(url) if (url := form.get("StatusCallback")) else None,
        validity=validity,
        send_at=_send_at(form, now) if service else None,
    )


def _require(to: str, sender: str | None, body: str) -> None:
    if not to:
        raise RefusedError(21604)
    if not sender:
        raise RefusedError(21603)
    if not body:
        raise RefusedError(21602)
    if len(body) > _LONGEST_BODY:
        raise RefusedError(21617, f"{len(body)}")


def _check_to(to: str) -> None:
    if to in MAGIC_TO:
        raise RefusedError(MAGIC_TO[to], to)
    if not _E164.fullmatch(to):
        raise RefusedError(21211, to)


def _check_from(sender: str | None, service: str | None) -> None:
    if service and not _SERVICE.fullmatch(service):
        raise RefusedError(21701, service)
    if sender in MAGIC_FROM:
        raise RefusedError(MAGIC_FROM[sender], sender)
    if sender and not _SENDER.fullmatch(sender):
        raise RefusedError(21212, sender)


def _validity(seconds: str | None) -> int:
    if not seconds:
        return LONGEST_VALIDITY
    number = seconds.lstrip("0")
    if not (seconds.isascii() and seconds.isdigit() and number):
        raise RefusedError(90014, seconds)
    if len(number) > len(str(LONGEST_VALIDITY)) or int(number) > LONGEST_VALIDITY:
        raise RefusedError(90007, seconds)
    return int(number)


def check_url(url: str) -> str:
    """Return the URL if it is http or https, loopback too; else raise RefusedError."""
    try:
        parts = urlsplit(url)
        good = _URL.fullmatch(url) and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise RefusedError(21609, url)
    return url


def _send_at(form: Mapping[str, str], now: datetime) -> datetime | None:
    kind, found = form.get("ScheduleType"), form.get("SendAt")
    if not kind:
        return None
    if kind != "fixed":
        raise RefusedError(35126, kind)
    if not found:
        raise RefusedError(35111)
    try:
        send_at = datetime.strptime(found, _SEND_AT).replace(tzinfo=UTC)
    except ValueError as unreadable:
        raise RefusedError(35114, found) from unreadable
    if not _SOONEST <= send_at - now <= _LATEST:
        raise RefusedError(35114, found)
    return send_at
