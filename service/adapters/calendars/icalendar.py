"""Events of an iCalendar file, as strictly as a list of days off needs them.

Content lines are unfolded (RFC 5545, 3.1) before they are decoded, components may
stand inside each other (3.6: an alarm's description is not its event's), and a file
whose end is missing is refused. The `icalendar` library reads far more, but leaves out
on which line a mistake stands.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from service.domain.errors import InvalidError, Mistake

SHOWN: Final = 60
"""How much of a wrong line is repeated in its mistake."""

_BEGIN: Final = re.compile(rb"(?:\xef\xbb\xbf)?BEGIN:VCALENDAR\r?\n", re.IGNORECASE)
_LINE: Final = re.compile(r'([A-Za-z0-9-]+)(?:;(?:"[^"]*"|[^":])*)?:(.*)', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)")
_EVENT: Final = ["VCALENDAR", "VEVENT"]


@dataclass(frozen=True, slots=True)
class Line:
    """A property: on which line of the file it begins, its name and value."""

    at: int
    name: str
    value: str

    @property
    def text(self) -> str:
        r"""The value as words: `\,` is a comma, `\n` a space (3.3.11)."""
        return _ESCAPED.sub(lambda one: " " if one[1] in "nN" else one[1], self.value)

    @property
    def where(self) -> str:
        """The name that a mistake in this line gets."""
        return f"line {self.at}: {self.name}"


@dataclass(frozen=True, slots=True)
class Event:
    """An event: on which line it begins, and its properties in their order."""

    at: int
    lines: list[Line] = field(default_factory=list)

    def get(self, name: str) -> Line | None:
        """Look up the first property of that name."""
        return next((line for line in self.lines if line.name == name), None)

    def text(self, name: str) -> str:
        """Join the words of all properties of that name."""
        return ", ".join(line.text for line in self.lines if line.name == name)


@dataclass(frozen=True, slots=True)
class Ics:
    """A file's events, and the name it gives itself (X-WR-CALNAME)."""

    name: Line | None
    events: Sequence[Event]


def read_ics(content: bytes, where: str) -> Ics:
    """Read a file's bytes; raises `InvalidError` at `where` with all its mistakes."""
    if not _BEGIN.match(content):
        begun = repr(content[:SHOWN].decode(errors="replace"))
        raise InvalidError(where, [Mistake("file", begun, "BEGIN:VCALENDAR")])
    reading = _Reading()
    for line in _lines(content, reading.mistakes):
        reading.take(line)
    for part in reading.parts[:1]:
        reading.mistakes.append(Mistake("file", "no end", f"END:{part}"))
    if reading.mistakes:
        raise InvalidError(where, reading.mistakes)
    return Ics(reading.name, reading.events)


class _Reading:
    """A file half read; `parts` are the components begun and not yet ended."""

    def __init__(self) -> None:
        self.mistakes, self.parts = list[Mistake](), list[str]()
        self.name: Line | None = None
        self.events = list[Event]()

    def take(self, line: Line) -> None:
        if line.name == "BEGIN":
            self.parts.append(line.value.upper())
            if self.parts == _EVENT:
                self.events.append(Event(line.at))
        elif line.name == "END":
            self._end(line)
        elif self.parts == _EVENT:
            self.events[-1].lines.append(line)
        elif line.name == "X-WR-CALNAME":
            self.name = line

    def _end(self, line: Line) -> None:
        begun = self.parts.pop() if self.parts else "nothing, as all parts have ended"
        if begun != line.value.upper():
            self.mistakes.append(Mistake(line.where, line.value, begun))


def _lines(content: bytes, mistakes: list[Mistake]) -> Iterator[Line]:
    for at, raw in _unfolded(content):
        found = _LINE.fullmatch(raw.decode(errors="replace"))
        if found and "\ufffd" not in found[0]:
            yield Line(at, found[1].upper(), found[2])
        else:
            shown = repr(raw.decode(errors="replace")[:SHOWN])
            mistakes.append(Mistake(f"line {at}", shown, "NAME:value in UTF-8"))


def _unfolded(content: bytes) -> Iterator[tuple[int, bytes]]:
    begun, whole = 0, b""
    for at, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        part = raw.removesuffix(b"\r")
        if part[:1] in {b" ", b"\t"}:
            whole += part[1:]
            continue
        if whole:
            yield begun, whole
        begun, whole = at, part
    if whole:
        yield begun, whole
