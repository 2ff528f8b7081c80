"""The speed of an import, beside a bare `csv.reader` and `executemany` of its rows.

    python bench/importing.py [PERMITS]

A CSV of permits of twelve types and 1,500 expiry dates goes into SQLite: once by all
that `permit-reminders import` does from the opened installation on, and once, as text
and unchecked, into a table with the columns of the file. The sides take turns, each in
a process of its own. In one more import, another process writes every few milliseconds
and measures how long it waits for its turn. Then the same rows are read and mapped as
an XLSX, beside calamine alone. The phones are the 45,100 numbers that nobody answers,
written in three ways.
"""

import asyncio
import csv
import json
import random
import resource
import sqlite3
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, sleep
from typing import Any, Final

from law import TYPES
from office import OFFICE, copied, installed
from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook

from service.adapters.phones import read_phone
from service.adapters.registers.import_file import describe_file
from service.adapters.registers.register_file import read_register
from service.adapters.store.db.database import Database
from service.adapters.vault import Vault
from service.app import build_installation
from service.domain.permits.phone import PhoneLine
from service.flow.permits.import_record import ImportMode
from service.flow.permits.import_register import ImportResult, import_register
from service.flow.permits.import_run import begin_import
from service.flow.permits.register import RegisterSource
from service.settings import Settings

ROUNDS: Final = 3
DATES: Final = 1_500
FIRST: Final = date(2026, 12, 1)

WORKBOOK_ROWS: Final = 200_000
"""Rows of the workbook at most."""

BETWEEN_WRITES: Final = 0.02
"""Seconds between two transactions of the other writer."""

HEADER: Final = (
    *("rule", "number", "holder", "holder_code", "phones", "issued_on", "expires_on"),
    "status",
)
WRITTEN: Final = ("+1 {} 555 {}", "+1{}555{}", "+1 ({}) 555-{}")


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of an import by the wall clock and of the processor, and KiB at most."""

    wall: float
    read: float
    busy: float
    memory: int


class NoRejects:
    """A place for rejected rows where none may come."""

    def add(self, line: int, cells: object, error: object) -> None:
        raise AssertionError(line, cells, error)


def write_register(file: Path, permits: int) -> None:
    """Write the CSV, the same one in every run."""
    chance = random.Random(1)  # noqa: S311 - the same in every run
    areas = [
        area
        for area in range(201, 990)
        if read_phone(f"+1{area}5550142", "US").line is not PhoneLine.INVALID
    ]
    with file.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(HEADER)
        for at in range(permits):
            expires_on = FIRST + timedelta(chance.randrange(DATES))
            written = chance.choice(WRITTEN)
            phone = written.format(
                chance.choice(areas), f"{chance.randrange(100, 200):04}"
            )
            issued_on = expires_on - timedelta(5 * 365)
            rows.writerow(
                (
                    *(TYPES[at % 12], f"JY{at:014}", f"四川示例食品有限公司{at}"),
                    *(f"91510100MA{at:07}X", phone, issued_on, expires_on, "active"),
                )
            )


async def import_ours(file: Path, register: Path) -> Spent:
    """Import as the command does."""
    database = Database(f"sqlite:///{file}")
    try:
        settings = Settings(database_url=f"sqlite:///{file}", authority=OFFICE)
        installation = await build_installation(settings, database)
        await installation.law_store.current_law()
        began, began_busy = perf_counter(), process_time()
        with closing(read_register(register, default_authority=OFFICE)) as rows:
            read, result = perf_counter() - began, ImportResult()
            file_of_register = describe_file(register, register.name, ImportMode.UPSERT)
            deps, source = installation.import_deps, RegisterSource(register.name)
            run = await begin_import(file_of_register, rows.count, deps, by="bench")
            await import_register(rows, source, deps, NoRejects(), result, run=run)
        wall, busy = perf_counter() - began, process_time() - began_busy
    finally:
        await database.dispose()
    assert set(result.outcomes) == {"registered"}, result.outcomes
    return Spent(wall, read, busy, peak_memory())


def import_bare(file: Path, register: Path) -> Spent:
    """Insert the rows as they are."""
    began, began_busy = perf_counter(), process_time()
    with register.open(encoding="utf-8", newline="") as opened:
        rows = csv.reader(opened)
        columns = ", ".join(next(rows))
        with closing(sqlite3.connect(file)) as raw, raw:
            raw.execute("PRAGMA journal_mode = WAL")
            raw.execute(f"CREATE TABLE permits ({columns})")
            marks = ", ".join("?" for _ in HEADER)
            raw.executemany(f"INSERT INTO permits VALUES ({marks})", rows)  # noqa: S608
    wall, busy = perf_counter() - began, process_time() - began_busy
    return Spent(wall, 0, busy, peak_memory())


def peak_memory() -> int:
    """KiB that this process and its largest child had at most."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(kind).ru_maxrss for kind in kinds)


def read_workbook(register: Path) -> Spent:
    """Read and map a workbook, as an import does before it stores."""
    began, began_busy = perf_counter(), process_time()
    with closing(read_register(register, default_authority=OFFICE)):
        wall, busy = perf_counter() - began, process_time() - began_busy
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(wall, wall, busy + child.ru_utime + child.ru_stime, peak_memory())


def read_by_calamine(register: Path) -> Spent:
    """Read the cells of a workbook, and no more."""
    began, began_busy = perf_counter(), process_time()
    sheet = CalamineWorkbook.from_path(register).get_sheet_by_index(0)
    deque(sheet.iter_rows(), maxlen=0)
    wall, busy = perf_counter() - began, process_time() - began_busy
    return Spent(wall, wall, busy, peak_memory())


def write_workbook(register: Path, workbook: Path, permits: int) -> None:
    """Write the first rows of the CSV as a workbook."""
    with (
        register.open(encoding="utf-8", newline="") as opened,
        Workbook(workbook, {"constant_memory": True}) as book,
    ):
        sheet = book.add_worksheet()
        for at, row in enumerate(islice(csv.reader(opened), permits + 1)):
            sheet.write_row(at, 0, row)


def waits_of_writer(file: Path, importing: subprocess.Popen[str]) -> Iterator[float]:
    """Seconds that each transaction of another writer takes while an import runs."""
    with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as raw:
        while importing.poll() is None:
            began = perf_counter()
            raw.execute("BEGIN IMMEDIATE")
            raw.execute("INSERT OR REPLACE INTO facts VALUES ('bench', '')")
            raw.execute("COMMIT")
            yield perf_counter() - began
            sleep(BETWEEN_WRITES)


def begin(side: str, file: Path, register: Path) -> subprocess.Popen[str]:
    """Begin a side in a process of its own."""
    command = [sys.executable, __file__, f"--{side}", str(file), str(register)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603


def finish(process: subprocess.Popen[str]) -> Spent:
    """Wait for a side; what it spent."""
    text, _ = process.communicate()
    assert process.returncode == 0, process.returncode
    return Spent(**json.loads(text))


def compare(folder: Path, permits: int) -> Iterator[str]:
    """Compare both sides; the lines that `make bench` prints."""
    empty, register = folder / "empty.db", folder / "register.csv"
    asyncio.run(installed(empty))
    Vault.from_key_file(empty)
    write_register(register, permits)
    ours, bare = list[Spent](), list[Spent]()
    for at in range(ROUNDS):
        bare.append(finish(begin("bare", folder / f"bare-{at}.db", register)))
        file = copied(empty, folder / f"ours-{at}.db")
        ours.append(finish(begin("ours", file, register)))
    wall, peer = (median(one.wall for one in runs) for runs in (ours, bare))
    busy, most = (median(one.busy for one in runs) for runs in (ours, bare))
    memory = max(one.memory for one in ours) / 1024
    read = median(one.read for one in ours)
    yield (
        f"importing: {peer / wall:.3f} of the rows/s of csv.reader and executemany; "
        f"{permits / wall:,.0f}/s and {permits / peer:,.0f}/s "
        f"({busy / permits * 1e6:.0f} and {most / permits * 1e6:.1f} µs of processor a "
        f"row, {read / permits * 1e6:.0f} µs of ours until all are read; medians of "
        f"{ROUNDS} runs of {permits:,}); {memory:.0f} MiB at most"
    )
    file = copied(empty, folder / "shared.db")
    importing = begin("ours", file, register)
    waits = [*waits_of_writer(file, importing)]
    finish(importing)
    yield (
        f"another writer waits {median(waits) * 1000:.0f} ms at the median, "
        f"{max(waits) * 1000:.0f} ms at most, {len(waits)} times"
    )


def compare_workbooks(folder: Path, permits: int) -> Iterator[str]:
    """Compare reading and mapping a workbook with calamine alone."""
    book = folder / "register.xlsx"
    write_workbook(folder / "register.csv", book, permits)
    ours, alone = list[Spent](), list[Spent]()
    for _ in range(ROUNDS):
        alone.append(finish(begin("calamine", book, book)))
        ours.append(finish(begin("workbook", book, book)))
    wall, peer = (median(one.wall for one in runs) for runs in (ours, alone))
    busy, most = (median(one.busy for one in runs) for runs in (ours, alone))
    yield (
        f"an XLSX: {peer / wall:.2f} of the rows/s of calamine alone; "
        f"{permits / wall:,.0f}/s and {permits / peer:,.0f}/s "
        f"({busy / permits * 1e6:.0f} and {most / permits * 1e6:.0f} µs of processor a "
        f"row; medians of {ROUNDS} runs of {permits:,}); "
        f"{max(one.memory for one in ours) / 1024:.0f} MiB at most"
    )


def main(arguments: list[str]) -> None:
    match arguments:
        case ["--ours", file, register]:
            spent: Any = asyncio.run(import_ours(Path(file), Path(register)))
        case ["--bare", file, register]:
            spent = import_bare(Path(file), Path(register))
        case ["--workbook", _, register]:
            spent = read_workbook(Path(register))
        case ["--calamine", _, register]:
            spent = read_by_calamine(Path(register))
        case _:
            permits = int(arguments[0]) if arguments else 100_000
            with TemporaryDirectory(prefix="permit-reminders-bench-") as folder:
                for line in compare(Path(folder), permits):
                    print(line, flush=True)
                most = min(permits, WORKBOOK_ROWS)
                print(*compare_workbooks(Path(folder), most), sep="\n")
            return
    print(json.dumps({name: getattr(spent, name) for name in Spent.__slots__}))


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main(sys.argv[1:])
