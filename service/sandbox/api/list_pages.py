"""The pages of `GET Messages.json`, the newest message first.

A page token names the message next to the page, so pages do not shift while new
messages arrive: `PA…` asks for older messages, `PB…` for newer ones.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from service.sandbox.api.list_filters import FILTER_NAMES, ListFilters
from service.sandbox.faults import ListFault
from service.sandbox.messages.messages import Message, MessageLog
from service.sandbox.refusals import RefusedError

_LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class ResultPage:
    """The messages of one page, and the queries of the first and neighbouring pages."""

    messages: list[Message]
    number: int
    size: int
    first: str
    previous: str | None
    next: str | None


def find_page(
    messages: MessageLog,
    query: Mapping[str, str],
    now: datetime,
    faults: Iterable[ListFault] = (),
) -> ResultPage:
    """Return the page for this query, changed by these faults.

    Raises RefusedError if the query is invalid.
    """
    size = _read_whole_number(query, "PageSize", default=50, least=1)
    if size > _LARGEST_PAGE:
        raise RefusedError(20007, str(size))
    number = _read_whole_number(query, "Page", default=0, least=0)
    list_filters = ListFilters.parse(query)
    listed: Iterable[Message] = messages.newest_first()
    for fault in faults:
        listed = fault.change(listed)
    found = [one for one in listed if list_filters.matches(one, now)]
    shown = _page_messages(messages, found, query.get("PageToken", ""), size)
    filters = {name: query[name] for name in FILTER_NAMES if name in query}
    filters["PageSize"] = str(size)
    older = bool(shown) and shown[-1] is not found[-1]
    newer = bool(shown) and shown[0] is not found[0]
    return ResultPage(
        messages=shown,
        number=number,
        size=size,
        first=urlencode(filters | {"Page": "0"}),
        previous=_page_query(filters, max(number - 1, 0), "PB", shown[0])
        if newer
        else None,
        next=_page_query(filters, number + 1, "PA", shown[-1]) if older else None,
    )


def _page_messages(
    messages: MessageLog, found: list[Message], token: str, size: int
) -> list[Message]:
    if not token:
        return found[:size]
    neighbour = messages.get(token[2:])
    if neighbour is None:
        raise RefusedError(20001, f"PageToken={token}")
    if token.startswith("PB"):
        return [one for one in found if one.number > neighbour.number][-size:]
    return [one for one in found if one.number < neighbour.number][:size]


def _read_whole_number(
    query: Mapping[str, str], name: str, *, default: int, least: int
) -> int:
    found = query.get(name) or str(default)
    if not (found.isascii() and found.isdigit() and len(found) < len("1000000000")):
        raise RefusedError(20001, f"{name}={found}")
    if int(found) < least:
        raise RefusedError(20001, f"{name}={found}")
    return int(found)


def _page_query(
    filters: Mapping[str, str], number: int, direction: str, neighbour: Message
) -> str:
    return urlencode(
        {**filters, "Page": str(number), "PageToken": direction + neighbour.sid}
    )
