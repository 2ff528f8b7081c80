"""Permits that a full export of their register does not name: withdrawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from service.domain.permits.snapshot_scope import SnapshotScope, needs_confirmation
from service.flow.permits.import_record import ImportRecord
from service.flow.permits.snapshot.present import PresentPermits, StoredPermit

ABSENT_OUTCOME: Final = "absent from register"
"""What permits count as that were withdrawn because the register lacks them."""

_PAGE: Final = 500


class SnapshotStore(Protocol):
    """Reads the permits of a register, and withdraws some."""

    async def page(
        self, register: str, scope: SnapshotScope, after: str | None, limit: int
    ) -> Sequence[StoredPermit]:
        """Permits that are not withdrawn and follow the id `after`, by their ids.

        They stand in the register, or did before another one listed them.
        """

    async def withdraw(
        self,
        ids: Sequence[str],
        register: str,
        unchanged_since: datetime,
        now: datetime,
        import_id: str,
    ) -> int:
        """Withdraw what is still in the register and unchanged; how many were.

        The import counts them, in the same transaction.
        """

    async def leave(
        self, ids: Sequence[str], register: str, now: datetime, import_id: str
    ) -> None:
        """Note that permits stand in this register no more, but in the other one."""


@dataclass(frozen=True, slots=True)
class AbsentPermits:
    """The ids of permits that a full export lacks, of so many in its scope.

    Those `elsewhere` are absent too, but listed by another register.
    """

    ids: Sequence[str]
    permits: int
    elsewhere: Sequence[str] = ()

    @property
    def is_too_many(self) -> bool:
        """Whether somebody must confirm that they are to be withdrawn."""
        return needs_confirmation(len(self.ids), self.permits)


async def find_absent(
    present: PresentPermits,
    register: str,
    scope: SnapshotScope,
    exported_at: datetime,
    store: SnapshotStore,
) -> AbsentPermits:
    """Find permits of a register that its full export of that time does not name.

    Permits that were changed after the export are not absent: it could not know.
    """
    ids, elsewhere, permits, after = list[str](), list[str](), 0, None
    while page := await store.page(register, scope, after, _PAGE):
        permits += sum(one.register == register for one in page)
        after = page[-1].id
        for one in page:
            if present.has(one) or one.changed_at > exported_at:
                continue
            (elsewhere if one.also_in else ids).append(one.id)
    return AbsentPermits(ids, permits, elsewhere)


async def leave_elsewhere(
    absent: AbsentPermits, record: ImportRecord, now: datetime, store: SnapshotStore
) -> None:
    """Leave permits absent from the file of an import to the registers that list them.

    Those that stood in its register before are no longer listed by that one.
    """
    for at in range(0, len(absent.elsewhere), _PAGE):
        ids = absent.elsewhere[at : at + _PAGE]
        await store.leave(ids, record.file.register, now, record.id)


async def withdraw_absent(
    ids: Sequence[str],
    record: ImportRecord,
    exported_at: datetime,
    now: datetime,
    store: SnapshotStore,
) -> int:
    """Withdraw permits absent from the file of an import, chunk by chunk.

    Returns how many were still unchanged since the export.
    """
    chunks: Iterable[Sequence[str]] = (
        ids[at : at + _PAGE] for at in range(0, len(ids), _PAGE)
    )
    register = record.file.register
    return sum(
        [
            await store.withdraw(chunk, register, exported_at, now, record.id)
            for chunk in chunks
        ]
    )
