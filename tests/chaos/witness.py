"""The sandbox's log, read as evidence: what was POSTed, taken, and what came of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

FAILED = frozenset({"undelivered", "failed"})
ENDS = FAILED | {"delivered", "read"}
_UNTAKEN = frozenset({"busy", "refusal", "broken", "hang", "reset"})
"""Faults that answer a request themselves: struck without a SID, nothing was taken."""

Event = Mapping[str, Any]


@dataclass(slots=True)
class Sms:
    """One SMS that was taken. `ref` is what the sender calls it.

    `line` is where the log has it; `failed_at` where the log says that it did not
    arrive, with the `code` of why, `arrived_at` where it says that it did. Of a
    `silent` one there is no last word.
    """

    sid: str
    ref: str
    to: str
    body: str
    at: datetime
    line: int
    status: str
    failed_at: int | None = None
    arrived_at: int | None = None
    code: int | None = None
    silent: bool = False


@dataclass(slots=True)
class Witness:
    """All that the log says. `posts` counts requests to create, by the sender's id."""

    sms: dict[str, Sms] = field(default_factory=dict)
    posts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, events: Iterable[Event]) -> "Witness":
        """Hear the events in their order."""
        heard = cls()
        for line, event in enumerate(events):
            heard._hear(line, event)
        return heard

    def by_ref(self) -> dict[str, list[Sms]]:
        """The SMS of each message of the sender's."""
        found = defaultdict(list)
        for one in self.sms.values():
            found[one.ref].append(one)
        return found

    def arrived_between(self, before: Sms, after: Sms) -> bool:
        """Whether the phone of the first took a text after it and before the second."""
        lines = range(before.line, after.line)
        theirs = (one for one in self.sms.values() if one.to == before.to)
        return any(one.arrived_at in lines for one in theirs)

    def _hear(self, line: int, event: Event) -> None:
        match event["event"]:
            case "created" if event["direction"] != "inbound":
                self._taken(line, event)
            case "refused":
                self.posts[_ref(event["form"])] += 1
            case "fault" if event["on"] == "create":
                untaken = event["fault"] in _UNTAKEN and event["sid"] is None
                self.posts[_ref(event["form"])] += untaken
            case "status":
                self._moved(line, event)
            case _:
                pass

    def _taken(self, line: int, event: Event) -> None:
        ref = _ref(event["form"])
        self.posts[ref] += 1
        self.sms[event["sid"]] = Sms(
            sid=event["sid"],
            ref=ref,
            to=event["to"],
            body=event["body"],
            at=datetime.fromisoformat(event["at"]),
            line=line,
            status=event["status"],
            silent=_silent(event),
        )

    def _moved(self, line: int, event: Event) -> None:
        sms = self.sms.get(event["sid"])
        if sms is None:
            return
        sms.status = event["status"]
        if sms.status in FAILED:
            sms.failed_at, sms.code = line, event["error_code"]
        elif sms.status in ENDS:
            sms.arrived_at = line


class Tail:
    """The log while it grows: how many SMS were taken until now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._rest = b""
        self._taken = 0

    def taken(self) -> int:
        """Read on, and count."""
        if not self._path.exists() or self._path.stat().st_size == self._read:
            return self._taken
        with self._path.open("rb") as file:
            file.seek(self._read)
            more = file.read()
        self._read += len(more)
        *whole, self._rest = (self._rest + more).split(b"\n")
        self._taken += sum(b'"event":"created"' in line for line in whole)
        return self._taken


def events(path: Path) -> list[Event]:
    """Every whole line of the log."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return [orjson.loads(line) for line in lines]


def _silent(event: Event) -> bool:
    """Whether its carrier never says what became of it (docs/operations.md)."""
    ending = event.get("ending")
    if ending:
        return ending["path"][-1] not in ENDS
    return str(event["to"]).endswith("5550195")


def _ref(form: Iterable[tuple[str, str]]) -> str:
    """The sender's own id, out of the address it wants to be called back at."""
    url: str = dict(form).get("StatusCallback", "")
    return parse_qs(urlsplit(url).query).get("ref", [""])[0]
