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

LONGEST_EXCERPT: Final = 60
"""How much of a wrong line is repeated in its mistake."""

_BEGIN: Final = re.compile(rb"(?:\xef\xbb\xbf)?BEGIN:VCALENDAR\r?\n", re.IGNORECASE)
_LINE: Final = re.compile(r'([A-Za-z0-9-]+)(?:;(?:"[^"]*"|[^":])*)?:(.*)', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)")
_EVENT: Final = ["VCALENDAR", "VEVENT"]


@dataclass(frozen=True, slots=True)
class IcsLine:
    """A property: on which line of the file it begins, its name and value."""

    line_number: int
    name: str
    value: str

    @property
    def text(self) -> str:
        r"""The value as words: `\,` is a comma, `\n` a space (3.3.11)."""
        return _ESCAPED.sub(lambda one: " " if one[1] in "nN" else one[1], self.value)

    @property
    def where(self) -> str:
        """The name that a mistake in this line gets."""
        return f"line {self.line_number}: {self.name}"


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """An event: on which line it begins, and its properties in their order."""

    line_number: int
    lines: list[IcsLine] = field(default_factory=list)

    def first(self, name: str) -> IcsLine | None:
        """Look up the first property of that name."""
        return next((line for line in self.lines if line.name == name), None)

    def text(self, name: str) -> str:
        """Join the words of all properties of that name."""
        return ", ".join(line.text for line in self.lines if line.name == name)


@dataclass(frozen=True, slots=True)
class IcsFile:
    """A file's events, and the name it gives itself (X-WR-CALNAME)."""

    name: IcsLine | None
    events: Sequence[CalendarEvent]


def read_ics(content: bytes, where: str) -> IcsFile:
    """Read a file's bytes; raises `InvalidError` at `where` with all its mistakes."""
    if not _BEGIN.match(content):
        begun = repr(content[:LONGEST_EXCERPT].decode(errors="replace"))
        raise InvalidError(where, [Mistake("file", begun, "BEGIN:VCALENDAR")])
    reading = _IcsParser()
    for line in _parse_lines(content, reading.mistakes):
        reading.feed(line)
    for part in reading.parts[:1]:
        reading.mistakes.append(Mistake("file", "no end", f"END:{part}"))
    if reading.mistakes:
        raise InvalidError(where, reading.mistakes)
    return IcsFile(reading.name, reading.events)


class _IcsParser:
    """A file half read; `parts` are the components begun and not yet ended."""

    def __init__(self) -> None:
        self.mistakes, self.parts = list[Mistake](), list[str]()
        self.name: IcsLine | None = None
        self.events = list[CalendarEvent]()

    def feed(self, line: IcsLine) -> None:
        if line.name == "BEGIN":
            self.parts.append(line.value.upper())
            if self.parts == _EVENT:
                self.events.append(CalendarEvent(line.line_number))
        elif line.name == "END":
            self._end_component(line)
        elif self.parts == _EVENT:
            self.events[-1].lines.append(line)
        elif line.name == "X-WR-CALNAME":
            self.name = line

    def _end_component(self, line: IcsLine) -> None:
        begun = self.parts.pop() if self.parts else "nothing, as all parts have ended"
        if begun != line.value.upper():
            self.mistakes.append(Mistake(line.where, line.value, begun))


def _parse_lines(content: bytes, mistakes: list[Mistake]) -> Iterator[IcsLine]:
    for at, raw in _unfold(content):
        found = _LINE.fullmatch(raw.decode(errors="replace"))
        if found and "\ufffd" not in found[0]:
            yield IcsLine(at, found[1].upper(), found[2])
        else:
            shown = repr(raw.decode(errors="replace")[:LONGEST_EXCERPT])
            mistakes.append(Mistake(f"line {at}", shown, "NAME:value in UTF-8"))


def _unfold(content: bytes) -> Iterator[tuple[int, bytes]]:
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
