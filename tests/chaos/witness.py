"""The sandbox's log, read as evidence: what was POSTed, taken, and what came of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
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

_TAKES_NOTHING = frozenset({"broken", "hang", "busy"})
_LIES = frozenset({"hidden-messages", "rewritten-numbers"})
_NARROWS = frozenset({"phone", "body", "every", "share", "times", "lasts", "above"})
"""Fields by which a fault strikes some requests and not others."""

Event = Mapping[str, Any]


@dataclass(slots=True)
class Spell:
    """The faults that were on from one instant to another; without an end: still on."""

    faults: Sequence[Mapping[str, Any]]
    began: datetime
    ended: datetime | None = None

    @property
    def is_outage(self) -> bool:
        """Whether every POST failed."""
        return any(
            one["fault"] in _TAKES_NOTHING
            and "create" in one.get("on", ["create"])
            and not _NARROWS & one.keys()
            for one in self.faults
        )

    @property
    def lies(self) -> bool:
        """Whether lists did not show what was taken."""
        return any(one["fault"] in _LIES for one in self.faults)

    def has(self, at: datetime) -> bool:
        """Whether it was on at this instant."""
        return self.began <= at and (self.ended is None or at < self.ended)


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
    """All that the log says. `posts` counts requests to create, by the sender's id.

    `posted` has the instant of each; `spells` follow each other.
    """

    sms: dict[str, Sms] = field(default_factory=dict)
    posts: Counter[str] = field(default_factory=Counter)
    posted: list[datetime] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)

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
                self._posted(event)
            case "fault" if event["on"] == "create":
                if event["fault"] in _UNTAKEN and event["sid"] is None:
                    self._posted(event)
            case "faults":
                self._changed(event)
            case "status":
                self._moved(line, event)
            case _:
                pass

    def _posted(self, event: Event) -> str:
        ref = _ref(event["form"])
        self.posts[ref] += 1
        self.posted.append(datetime.fromisoformat(event["at"]))
        return ref

    def _changed(self, event: Event) -> None:
        at = datetime.fromisoformat(event["at"])
        if self.spells:
            self.spells[-1].ended = at
        self.spells.append(Spell(event["faults"], at))

    def _taken(self, line: int, event: Event) -> None:
        ref = self._posted(event)
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
