"""Filed renewals taken into the ledger: found by their permit's number, and stored."""

from collections.abc import Sequence
from datetime import datetime

from service.domain.errors import InvalidError, Mistake, UnknownError
from service.domain.lawbook.law import Law
from service.domain.nearest import show_known
from service.domain.permits.filing import Filing
from service.domain.permits.term import shortest_term
from service.flow.permits.encryption import NUMBER_COLUMN
from service.flow.permits.import_record import ChunkNote
from service.flow.permits.renewals.filing_store import FilingStore, KeyedFiling
from service.flow.ports import Vault


async def file_renewals(
    filings: Sequence[Filing],
    register: str,
    store: FilingStore,
    *,
    law: Law,
    vault: Vault,
    now: datetime,
    note: ChunkNote | None = None,
) -> list[str | InvalidError]:
    """Take a chunk of filed renewals of a register's permits; their outcomes in order.

    Registers nothing. One that names a rule or an authority that is not installed is an
    `InvalidError`, as are those of `FilingStore.file`.
    """
    mistakes = [_find_mistake(one, law) for one in filings]
    keyed = [
        _keyed(one, vault)
        for one, mistake in zip(filings, mistakes, strict=True)
        if not mistake
    ]

    def in_order(stored: Sequence[str | InvalidError]) -> list[str | InvalidError]:
        outcomes = iter(stored)
        return [mistake or next(outcomes) for mistake in mistakes]

    note = note and note.of_chunk(in_order)
    term_days = {code: shortest_term(rule.validity) for code, rule in law.rules.items()}
    todays = {
        code: now.astimezone(office.zone).date()
        for code, office in law.authorities.items()
    }
    given = keyed, register, now, term_days, todays
    return in_order(await store.file(*given, note=note))


def _keyed(filing: Filing, vault: Vault) -> KeyedFiling:
    number = filing.number
    return KeyedFiling(filing, (number, vault.digest(number, NUMBER_COLUMN).hex()))


def _find_mistake(filing: Filing, law: Law) -> InvalidError | None:
    try:
        if filing.rule:
            law.rule(filing.rule)
        if filing.authority:
            law.authority(filing.authority)
    except UnknownError as error:
        known = show_known(error.code, sorted(error.known))
        mistake = Mistake(error.kind, error.code, known)
        return InvalidError("filed renewal", [mistake])
    return None
