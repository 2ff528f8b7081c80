"""Events of an iCalendar file (RFC 5545), as strictly as a list of days off needs them.

The `icalendar` library reads the events. What it does not say is added here: on which
line something stands, whether a component has no end, and which bytes are no UTF-8.
Components within an event are left out: an alarm's description is not its event's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final

from icalendar import Event
from icalendar.parser import Contentline
from icalendar.prop import vBroken, vCategory

from service.domain.errors import InvalidError, Mistake

LONGEST_EXCERPT: Final = 60
"""How much of a wrong line is repeated in its mistake."""

_BOM: Final = b"\xef\xbb\xbf"
_BEGIN: Final = (b"BEGIN:VCALENDAR\r\n", b"BEGIN:VCALENDAR\n")
_EVENT: Final = ["VCALENDAR", "VEVENT"]


@dataclass(frozen=True, slots=True)
class IcsLine:
    """A content line without its folds: where it begins, and what it holds."""

    line_number: int
    name: str
    value: str
    text: str

    @property
    def where(self) -> str:
        """The name that a mistake in this line gets."""
        return f"line {self.line_number}: {self.name}"


@dataclass(frozen=True)
class CalendarEvent:
    """An event: the line on which it begins, and its own content lines."""

    line_number: int
    lines: list[IcsLine] = field(default_factory=list)

    def first(self, name: str) -> IcsLine | None:
        """The first property of that name."""
        return next((line for line in self.lines if line.name == name), None)

    @cached_property
    def properties(self) -> Event:
        """The values of its lines, as the library reads them."""
        lines = [line.text for line in self.lines]
        found = Event.from_ical("\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"]))
        assert isinstance(found, Event)  # noqa: S101 - one event went in
        return found

    def words(self, name: str) -> str:
        """Join the texts of all properties of that name; a line break is a blank."""
        found = self.properties.get(name, [])
        texts = [
            ", ".join(map(str, one.cats)) if isinstance(one, vCategory) else str(one)
            for one in (found if isinstance(found, list) else [found])
        ]
        return ", ".join(texts).replace("\n", " ")

    def moment(self, line: IcsLine) -> date | None:
        """The day, or the local time on it, that a line of the event names.

        None for one in UTC as well: it is on another day elsewhere.
        """
        found = self.properties.get(line.name)
        found = found[0] if isinstance(found, list) else found
        if isinstance(found, vBroken) or line.value.endswith("Z"):
            return None
        moment = getattr(found, "dt", None)
        return moment if isinstance(moment, date) else None


@dataclass(frozen=True, slots=True)
class IcsFile:
    """A file's events, and the name it gives itself (X-WR-CALNAME)."""

    name: IcsLine | None
    events: Sequence[CalendarEvent]


def read_ics(content: bytes, where: str) -> IcsFile:
    """Read a file's bytes; raises `InvalidError` at `where` with all its mistakes."""
    content = content.removeprefix(_BOM)
    if not content.upper().startswith(_BEGIN):
        begun = repr(content[:LONGEST_EXCERPT].decode(errors="replace"))
        raise InvalidError(where, [Mistake("file", begun, "BEGIN:VCALENDAR")])
    reader = _IcsReader()
    for line in _parse_lines(content, reader.mistakes):
        reader.take(line)
    for part in reader.open_components[:1]:
        reader.mistakes.append(Mistake("file", "no end", f"END:{part}"))
    if reader.mistakes:
        raise InvalidError(where, reader.mistakes)
    return IcsFile(reader.name, reader.events)


class _IcsReader:
    """A file read up to some line; `open_components` have begun and not yet ended."""

    def __init__(self) -> None:
        self.mistakes, self.open_components = list[Mistake](), list[str]()
        self.name: IcsLine | None = None
        self.events = list[CalendarEvent]()

    def take(self, line: IcsLine) -> None:
        if line.name == "BEGIN":
            self.open_components.append(line.value.upper())
            if self.open_components == _EVENT:
                self.events.append(CalendarEvent(line.line_number))
        elif line.name == "END":
            self._end(line)
        elif self.open_components == _EVENT:
            self.events[-1].lines.append(line)
        elif line.name == "X-WR-CALNAME":
            self.name = line

    def _end(self, line: IcsLine) -> None:
        nothing = "nothing, as all parts have ended"
        begun = self.open_components.pop() if self.open_components else nothing
        if begun != line.value.upper():
            self.mistakes.append(Mistake(line.where, line.value, begun))


def _parse_lines(content: bytes, mistakes: list[Mistake]) -> Iterator[IcsLine]:
    for line_number, raw in _unfold(content):
        try:
            text = raw.decode()
            name, _, value = Contentline(text).parts()  # type: ignore[no-untyped-call]  # the library's
            yield IcsLine(line_number, name.upper(), value, text)
        except ValueError:  # a UnicodeDecodeError as well
            shown = repr(raw.decode(errors="replace")[:LONGEST_EXCERPT])
            where = f"line {line_number}"
            mistakes.append(Mistake(where, shown, "NAME:value in UTF-8"))


def _unfold(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Join folded lines before they are decoded: a fold may split a character (3.1)."""
    begun, whole = 0, b""
    for line_number, raw in enumerate(content.split(b"\n"), 1):
        part = raw.removesuffix(b"\r")
        if part[:1] in {b" ", b"\t"}:
            whole += part[1:]
            continue
        if whole:
            yield begun, whole
        begun, whole = line_number, part
    if whole:
        yield begun, whole
