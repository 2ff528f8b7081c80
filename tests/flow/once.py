"""What happened in an office before many tests: once, and copied for each of them."""

import copy
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

from tests.databases import copy_database
from tests.flow.ledger import Ledger

T = TypeVar("T")


@dataclass(frozen=True)
class _Kept(Generic[T]):
    file: Path
    provider: dict[str, Any]
    now: datetime
    told: T


@dataclass(frozen=True)
class Once:
    """Pasts that were lived through, each with its rows, its provider and its hour.

    Leases and waits end by the database's clock, which goes on: a past must not leave
    any behind that its tests need.
    """

    folder: Path
    _kept: dict[Callable[[Ledger], Awaitable[Any]], _Kept[Any]] = field(
        default_factory=dict
    )

    async def __call__(
        self, past: Callable[[Ledger], Awaitable[T]], ledger: Ledger
    ) -> T:
        """Let it have happened in an office whose database nobody has opened yet."""
        kept: _Kept[T] | None = self._kept.get(past)
        if kept is None:
            told = await past(ledger)
            await ledger.database.dispose()  # the rows are all in one file then
            file = self.folder / f"{len(self._kept)}.db"
            copy_database(ledger.file, file)
            provider = copy.deepcopy(vars(ledger.provider))
            self._kept[past] = _Kept(file, provider, ledger.clock.now(), told)
            return told
        copy_database(kept.file, ledger.file)
        vars(ledger.provider).update(copy.deepcopy(kept.provider))
        ledger.clock.move_to(kept.now)
        return kept.told
