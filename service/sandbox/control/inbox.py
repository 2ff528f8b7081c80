"""The inbox: web pages that list the phones, and the messages of each phone."""

import re
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path

import jinja2
from aiohttp import web

from service.sandbox.messages.fates import (
    DELIVERED,
    DELIVERIES_BY_SUFFIX,
    failure_reason,
)
from service.sandbox.messages.messages import Message, MessageLog

_MOST_PHONES = 1000
_SIGNED = re.compile(r"(【[^】]{1,40}】|[A-Z][A-Z0-9 &'-]{1,30}: )?(.*)", re.DOTALL)
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_AMERICAN = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
}
_STATUS_MARKS = {
    "accepted": ("○", "accepted 已接收"),
    "scheduled": ("○", "scheduled 已排期"),
    "queued": ("○", "queued 排队中"),
    "sent": ("✓", "sent 已发出"),
    "delivered": ("✓✓", "delivered 已送达"),
    "undelivered": ("!", "undelivered 未送达"),
    "failed": ("!", "failed 发送失败"),
    "canceled": ("×", "canceled 已取消"),
    "read": ("✓✓", "read 已读"),
    "partially_delivered": ("✓", "partially delivered 部分送达"),
    "received": ("✓✓", "reply 回复"),
}


class Inbox:
    """The inbox pages; numbers are not masked, since none is real."""

    def __init__(self, messages: MessageLog) -> None:
        self._messages = messages
        self._page = _environment().get_template("inbox.html")

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the inbox."""
        return [
            web.get("/", self.phones),
            web.get("/phones/{number}", self.phone),
        ]

    async def phones(self, _: web.Request) -> web.Response:
        """List each phone with its last message, the latest first, at most 1000."""
        last: dict[str, Message] = {}
        counts: dict[str, int] = {}
        for message in self._messages.newest_first():
            last.setdefault(message.phone, message)
            counts[message.phone] = counts.get(message.phone, 0) + 1
        return self._render(
            phones=list(islice(last.items(), _MOST_PHONES)),
            counts=counts,
            fates=[*DELIVERIES_BY_SUFFIX.items(), ("··", DELIVERED)],
        )

    async def phone(self, request: web.Request) -> web.Response:
        """Show the messages of one phone, the earliest first."""
        number = request.match_info["number"]
        found = [one for one in self._messages.in_order() if one.phone == number]
        days = groupby(found, lambda one: one.created_at.astimezone().date())
        return self._render(
            status=200 if found else 404,
            number=number,
            days=[(day, list(texts)) for day, texts in days],
            total=len(found),
        )

    def _render(self, *, status: int = 200, **view: object) -> web.Response:
        return web.Response(
            text=self._page.render(view),
            status=status,
            content_type="text/html",
            headers=_HEADERS,
        )


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "signed": split_signature,
        "language": _language,
        "spaced": _space_number,
        "hue": _hue,
        "local": datetime.astimezone,
        "tick": _status_mark,
        "reason": failure_reason,
    }
    return environment


def split_signature(body: str) -> tuple[str, str]:
    """Split a text into its leading 【signature】 or `NAME: `, if any, and the rest."""
    parts = _SIGNED.fullmatch(body)
    return (parts[1] or "", parts[2]) if parts else ("", body)


def _status_mark(status: str) -> tuple[str, str]:
    return _STATUS_MARKS.get(status, ("?", status))


def _language(body: str) -> str:
    return "zh-Hans" if _CHINESE.search(body) else "en"


def _space_number(number: str) -> str:
    american = _AMERICAN.fullmatch(number)
    return f"+1 {american[1]} {american[2]} {american[3]}" if american else number


def _hue(number: str) -> int:
    return sum(number.encode()) * 47 % 360
