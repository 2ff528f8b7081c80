"""`MappedRegisters`: answers of registers, read like the rows of their files."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from service.adapters.lookups.daemon_thread import DaemonThreads
from service.adapters.lookups.rows import NoUsableAnswerError, Row
from service.adapters.lookups.sql_lookup import open_query
from service.adapters.registers.mapping import RegisterMapping
from service.adapters.registers.mapping_file import mapping_from, zones_of
from service.adapters.registers.register_file import read_row
from service.adapters.registers.register_row import RegisterRow
from service.adapters.tables.ndjson import cells_of
from service.domain.errors import PermitRemindersError
from service.domain.lawbook.law import Law
from service.domain.permits.lookup import Lookup
from service.domain.permits.permit_number import written_forms
from service.flow.permits.ask_registers import (
    Ask,
    NoAnswer,
    Question,
    RegisterClient,
    RegisterQuestions,
    Reply,
)

AskRow = Callable[[str], Awaitable[Row | None]]
"""Asks about a number; returns the register's row, None if it has none."""


class MappedRegisters(RegisterClient):
    """Asks registers as their mappings say; secrets are in `environ`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._threads = DaemonThreads()

    @asynccontextmanager
    async def connect(self, asked: RegisterQuestions, law: Law) -> AsyncIterator[Ask]:
        """Open what questions to one register share."""
        async with AsyncExitStack() as stack:
            try:
                mapping = mapping_from(asked.mapping, f"register {asked.register}")
                ask_row = await stack.enter_async_context(self.open(mapping.lookup))
            except (NoUsableAnswerError, PermitRemindersError) as error:
                yield _always(_no_answer(error))
                return

            async def ask(question: Question, number: str) -> Reply:
                try:
                    row = await ask_row(number)
                    if row is None:
                        return None
                    zones = zones_of(law, question.authority)
                    rows = read_answer(
                        row, replace(mapping, zones=zones), question.authority
                    )
                    return _find(rows, question, number)
                except NoUsableAnswerError as error:
                    return _no_answer(error)

            yield ask

    @asynccontextmanager
    async def open(self, lookup: Lookup | None) -> AsyncIterator[AskRow]:
        """Open the register of a look-up; raises `NoUsableAnswerError`.

        It is asked by the number in its normal form, and by others if it has none.
        """
        if lookup is None:
            raise NoUsableAnswerError("its mapping declares no look-up")
        if lookup.url:
            # aiohttp would take a tenth of the start of each command.
            from service.adapters.lookups.http_lookup import open_url  # noqa: PLC0415

            opened = open_url(lookup, self._environ)
        else:
            opened = open_query(lookup, self._environ, self._threads)
        async with opened as ask_row:

            async def ask(number: str) -> Row | None:
                for form in written_forms(number):
                    if row := await ask_row(form):
                        return row
                return None

            yield ask


def read_answer(
    row: Row, mapping: RegisterMapping, default_authority: str | None
) -> list[RegisterRow]:
    """Read an answer as a row of the register's file would be.

    Raises `NoUsableAnswerError` if its columns do not fit the mapping.
    """
    mapped = {*mapping.mapped}
    cells = cells_of(
        {
            name: value
            for name, value in row.items()
            if name in mapped or not mapping.ignores(name)
        }
    )
    if cells is None:
        raise NoUsableAnswerError("an answer with objects inside")
    if missing := [name for name in mapping.required if name not in cells]:
        raise NoUsableAnswerError(f"an answer without {', '.join(missing)}")
    if not mapped.issuperset(cells):
        raise NoUsableAnswerError("an answer with columns that the mapping lacks")
    return read_row("look-up", cells, mapping, default_authority=default_authority)


def _find(rows: list[RegisterRow], question: Question, number: str) -> Reply:
    """Find the permit asked about in its row; None if the mapping leaves it out."""
    wanted = question.authority, question.rule, number
    for row in rows:
        for found in (row.permit, row.withdraws):
            if found and (found.authority, found.rule, found.number) == wanted:
                return found
    fields = {one.field for row in rows if row.error for one in row.error.mistakes}
    if fields:
        return NoAnswer(f"an answer with mistakes in {', '.join(sorted(fields))}")
    if any(row.permit or row.withdraws for row in rows):
        return NoAnswer("an answer about another permit")
    return None


def _always(reply: Reply) -> Ask:
    async def ask(question: Question, number: str) -> Reply:  # noqa: ARG001 - the port's
        return reply

    return ask


def _no_answer(error: NoUsableAnswerError | PermitRemindersError) -> NoAnswer:
    if isinstance(error, NoUsableAnswerError):
        return NoAnswer(error.cause, error.is_outage)
    return NoAnswer(error.in_one_line, is_outage=True)
