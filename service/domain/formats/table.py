"""A parsed TOML or JSON table, read key by key; every mistake is collected."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar, cast

from service.domain.errors import Mistake
from service.domain.formats.values import ExpectedError, mapping, mappings

T = TypeVar("T")

_Values = Mapping[str, object]

SHOWN: Final = 60
"""How much of a wrong value is repeated in its mistake."""

_REQUIRED: Final = object()


class Table:
    """One table at a path such as "versions[1].steps[2]", counted from 1.

    A value that cannot be read is noted in `mistakes` and comes back as None
    whatever its type, so look there before using what was built from it.
    """

    def __init__(self, path: str, values: _Values) -> None:
        self.path, self.mistakes = path, list[Mistake]()
        self._values, self._asked = values, list[str]()

    def read(
        self, key: str, reader: Callable[[object], T], default: object = _REQUIRED
    ) -> T:
        """Read one value with a reader that raises `ExpectedError`.

        An absent key gives the default, or is a mistake where there is none.
        """
        self._asked.append(key)
        if key not in self._values and default is not _REQUIRED:
            return cast("T", default)
        try:
            return reader(self._values.get(key))
        except ExpectedError as error:
            self.add_mistake(key, self._values.get(key), error.expected)
            return cast("T", None)

    def table(
        self, key: str, reader: Callable[["Table"], T], default: object = _REQUIRED
    ) -> T:
        """Read a nested table and take over its mistakes."""
        values = cast("_Values | None", self.read(key, mapping, default))
        if values is None:
            return cast("T", None)
        return self._inner(key, values, reader)

    def tables(
        self, key: str, reader: Callable[["Table"], T], *, least: int = 0
    ) -> tuple[T, ...]:
        """Read a list of at least so many tables and take over their mistakes."""
        found = self.read(key, mappings(least), _REQUIRED if least else ())
        listed = enumerate(found or (), start=1)
        return tuple(self._inner(f"{key}[{at}]", one, reader) for at, one in listed)

    def add_mistake(self, key: str, found: object, expected: str) -> None:
        """Add a mistake at a key of this table."""
        self.mistakes.append(Mistake(self._at(key), _shown(found), expected))

    def refuse_unread(self) -> None:
        """Note every key that no reader asked for; call it after the last read."""
        expected = f"only {', '.join(sorted(self._asked))}"
        for key in self._values:
            if key not in self._asked:
                self.mistakes.append(Mistake(self._at(key), "an unknown key", expected))

    def _inner(self, key: str, values: _Values, reader: Callable[["Table"], T]) -> T:
        inner = Table(self._at(key), values)
        result = reader(inner)
        inner.refuse_unread()
        self.mistakes += inner.mistakes
        return result

    def _at(self, key: str) -> str:
        return _plain(f"{self.path}.{key}" if self.path else key)


def _shown(found: object) -> str:
    if found is None:
        return "nothing"
    text = _plain(f'"{found}"' if isinstance(found, str) else str(found))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _plain(text: str) -> str:
    """Make a text of a request fit to be answered: JSON may hold half a character."""
    return text.encode("utf-8", "backslashreplace").decode()
