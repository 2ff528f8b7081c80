"""Reads a view row by row into a file of NDJSON, which is then a register's file.

It is read to its end before a permit is stored, as a file is: so what hangs, ends early
or has other columns than the mapping changes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final, TypeVar

import orjson
from sqlalchemy import (
    ColumnClause,
    Connection,
    Engine,
    Result,
    Select,
    bindparam,
    column,
    inspect,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.types import NullType

from service.adapters.lookups.daemon_thread import DaemonThreads
from service.adapters.lookups.register_database import interrupt, open_database
from service.adapters.lookups.rows import NoUsableAnswerError, cell_of
from service.domain.errors import SetUpError
from service.domain.permits.register_view import (
    HighWaterMark,
    RegisterView,
    find_mark,
)

T = TypeVar("T")

_BATCH: Final = 1_000
"""Rows that are fetched at a time."""


@dataclass(frozen=True, slots=True)
class ViewReading:
    """How many rows were read, and the newest change among them."""

    rows: int
    mark: HighWaterMark | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewReader:
    """Reads views; addresses are in `environ`. `check` may raise to stop it.

    `keeps` says whether a column is wanted. Errors name the view and the variable: the
    words of a driver may have the address, or the values of rows.
    """

    environ: Mapping[str, str]
    keeps: Callable[[str], bool]
    check: Callable[[], None]

    async def read(
        self,
        view: RegisterView,
        since: datetime | str | None,
        into: Path,
        now: datetime,
    ) -> ViewReading:
        """Read all rows, or those that have changed `since`; raises `SetUpError`."""
        rows, mark = 0, None
        try:
            with into.open("wb") as file:
                async for names, batch in self._read_batches(view, since):
                    self.check()
                    for values in batch:
                        row = dict(zip(names, values, strict=True))
                        mark = _mark_of(row, view, mark, now)
                        cells = {
                            name: cell_of(row[name])
                            for name in names
                            if self.keeps(name)
                        }
                        file.write(orjson.dumps(cells) + b"\n")
                    rows += len(batch)
        except NoUsableAnswerError as error:
            where = f"view {view.name} of {view.database_env}"
            raise SetUpError(f"{where}: {error.cause}") from None
        except OSError as error:
            message = f"the folder for temporary files: {error.strerror}; make room"
            raise SetUpError(message) from error
        return ViewReading(rows, mark)

    async def _read_batches(
        self, view: RegisterView, since: datetime | str | None
    ) -> AsyncIterator[tuple[Sequence[str], Sequence[Sequence[Any]]]]:
        engine = open_database(view.database_env, self.environ, view.timeout)
        cursor, threads = _Cursor(engine, view, since), DaemonThreads()

        async def run(call: Callable[[], T]) -> T:
            try:
                async with asyncio.timeout(view.timeout):
                    return await threads.run(view.name, 1, call)
            except TimeoutError:
                cause = f"no answer within {view.timeout:g} seconds; see its database"
                raise NoUsableAnswerError(cause) from None
            except NoUsableAnswerError:
                raise
            except Exception as error:  # noqa: BLE001 - a driver may raise anything
                kind = type(getattr(error, "orig", None) or error).__name__
                cause = f"{kind}; see whether its database lets this process read it"
                raise NoUsableAnswerError(cause) from None

        try:
            names = await run(cursor.open)
            while batch := await run(cursor.fetch):
                yield names, batch
        finally:
            cursor.interrupt()


class _Cursor:
    """An open query; each method runs in a thread of its own, one after the other."""

    def __init__(
        self, engine: Engine, view: RegisterView, since: datetime | str | None
    ) -> None:
        self._engine, self._view, self._since = engine, view, since
        self._connection: Connection | None = None
        self._driver_connection: Any = None
        self._result: Result[Any] | None = None

    def open(self) -> list[str]:
        """Ask for the rows; the names of their columns."""
        connection = self._connection = self._engine.connect()
        self._driver_connection = connection.connection.driver_connection
        self._check_columns(connection)
        self._result = connection.execute(_query(self._view, self._since))
        return list(self._result.keys())

    def fetch(self) -> Sequence[Sequence[Any]]:
        """Some rows more; none at the end, where the transaction is rolled back."""
        assert self._result is not None  # noqa: S101 - it was opened
        assert self._connection is not None  # noqa: S101
        rows = self._result.fetchmany(_BATCH)
        if not rows:
            self._driver_connection = None
            self._connection.close()
        return rows

    def interrupt(self) -> None:
        """Interrupt it, unless it has ended."""
        if self._driver_connection is not None:
            interrupt(self._driver_connection)

    def _check_columns(self, connection: Connection) -> None:
        name, schema = _split(self._view)
        inspector, changed_at = inspect(connection), self._view.changed_at
        if not inspector.has_table(name, schema=schema):
            raise NoUsableAnswerError("no such view or table; name one in the mapping")
        if changed_at is None:
            return
        columns = inspector.get_columns(name, schema=schema)
        if changed_at not in {one["name"] for one in columns}:
            raise NoUsableAnswerError(
                f"no column {changed_at}, which is its changed_at"
            )


def _split(view: RegisterView) -> tuple[str, str | None]:
    schema, _, name = view.name.rpartition(".")
    return name, schema or None


def _query(view: RegisterView, since: datetime | str | None) -> Select[Any]:
    name, schema = _split(view)
    query: Select[Any] = select(literal_column("*")).select_from(
        table(name, schema=schema)
    )
    if view.changed_at is None or since is None:
        return query
    # Without a type: drivers would cast an instant to one without its zone.
    changed: ColumnClause[Any] = column(view.changed_at)
    bound = bindparam("since", since, NullType())
    return query.where(or_(changed >= bound, changed.is_(None)))


def _mark_of(
    row: Mapping[str, Any],
    view: RegisterView,
    mark: HighWaterMark | None,
    now: datetime,
) -> HighWaterMark | None:
    if view.changed_at is None:
        return None
    value = row[view.changed_at]
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    with suppress(ValueError, TypeError):
        return find_mark(mark, value, now)
    cause = f"{view.changed_at} has values that are no instants of one form"
    raise NoUsableAnswerError(cause)
