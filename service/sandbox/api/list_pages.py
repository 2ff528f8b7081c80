"""The pages of `GET Messages.json`, the newest message first.

A page token names the message a page borders on, so pages do not shift while new
messages arrive: `PA…` asks for what is older, `PB…` for what is newer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from service.sandbox.api.list_filters import FILTER_NAMES, ListFilters
from service.sandbox.messages.messages import Message, MessageLog
from service.sandbox.refusals import RefusedError

_LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Some messages, and the queries that lead to the pages around them."""

    messages: list[Message]
    number: int
    size: int
    first: str
    previous: str | None
    next: str | None


def find_page(
    messages: MessageLog, query: Mapping[str, str], now: datetime
) -> ResultPage:
    """Find the page this query asks for; RefusedError where there can be none."""
    size = _read_whole_number(query, "PageSize", default=50, least=1)
    if size > _LARGEST_PAGE:
        raise RefusedError(20007, str(size))
    number = _read_whole_number(query, "Page", default=0, least=0)
    criteria = ListFilters.parse(query)
    found = [one for one in messages.newest_first() if criteria.matches(one, now)]
    shown = _page_messages(messages, found, query.get("PageToken", ""), size)
    kept = {name: query[name] for name in FILTER_NAMES if name in query}
    kept["PageSize"] = str(size)
    older = bool(shown) and shown[-1] is not found[-1]
    newer = bool(shown) and shown[0] is not found[0]
    return ResultPage(
        messages=shown,
        number=number,
        size=size,
        first=urlencode(kept | {"Page": "0"}),
        previous=_page_query(kept, max(number - 1, 0), "PB", shown[0])
        if newer
        else None,
        next=_page_query(kept, number + 1, "PA", shown[-1]) if older else None,
    )


def _page_messages(
    messages: MessageLog, found: list[Message], token: str, size: int
) -> list[Message]:
    if not token:
        return found[:size]
    border = messages.get(token[2:])
    if border is None:
        raise RefusedError(20001, f"PageToken={token}")
    if token.startswith("PB"):
        return [one for one in found if one.number > border.number][-size:]
    return [one for one in found if one.number < border.number][:size]


def _read_whole_number(
    query: Mapping[str, str], name: str, *, default: int, least: int
) -> int:
    found = query.get(name) or str(default)
    if not (found.isascii() and found.isdigit() and len(found) < len("1000000000")):
        raise RefusedError(20001, f"{name}={found}")
    if int(found) < least:
        raise RefusedError(20001, f"{name}={found}")
    return int(found)


def _page_query(kept: Mapping[str, str], number: int, way: str, border: Message) -> str:
    return urlencode({**kept, "Page": str(number), "PageToken": way + border.sid})
