"""A full export loaded: what it does not name is withdrawn, if somebody confirms it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from service.domain.permits.snapshot_scope import SnapshotScope
from service.flow.permits.import_record import ImportRecord, ImportState, ImportStore
from service.flow.permits.snapshot.absent import (
    ABSENT_OUTCOME,
    AbsentPermits,
    SnapshotStore,
    find_absent,
    leave_elsewhere,
    withdraw_absent,
)
from service.flow.permits.snapshot.present import PresentPermits
from service.flow.ports import Clock

_TOO_MANY: Final = "more than 5 % and more than 10"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A full export of a scope, and the permits that it names.

    `withdraw_up_to` confirms the withdrawal of so many permits that it does not name;
    if it is None, `ask` puts a question to somebody, or answers False.
    """

    present: PresentPermits
    register: str
    scope: SnapshotScope
    withdraw_up_to: int | None
    ask: Callable[[str], bool]
    store: ImportStore
    snapshot_store: SnapshotStore
    clock: Clock

    async def rehearse(self, exported_at: datetime) -> list[str]:
        """Say how many permits would be withdrawn, or why none would."""
        if objection := await self._find_objection(exported_at):
            return [objection]
        absent = await self._find_absent(min(exported_at, self.clock.now()))
        count = len(absent.ids)
        remark = f"{count} permits would be withdrawn"
        if absent.is_too_many:
            remark += f", which --withdraw-up-to {count} must confirm: {_TOO_MANY}"
        return [remark]

    async def finish(
        self, record: ImportRecord, outcomes: Counter[str]
    ) -> tuple[str | None, ImportState]:
        """Withdraw and count what it does not name; say why, if that is not done."""
        exported_at = record.file.exported_at
        if objection := await self._find_objection(exported_at):
            return objection, ImportState.UNCONFIRMED
        # A clock that runs ahead, or a simulated one, must not make the export newer.
        known_at = min(exported_at, record.started_at)
        absent = await self._find_absent(known_at)
        if absent.is_too_many and not self._is_confirmed(absent):
            refusal = (
                f"{len(absent.ids)} of {absent.permits} permits of {self.register} are "
                f"absent from {record.file.name}, {_TOO_MANY}: none is withdrawn; if "
                "they are to be, import it again with --snapshot --withdraw-up-to "
                f"{len(absent.ids)}"
            )
            return refusal, ImportState.UNCONFIRMED
        now, store = self.clock.now(), self.snapshot_store
        await leave_elsewhere(absent, record, now, store)
        withdrawn = await withdraw_absent(absent.ids, record, known_at, now, store)
        if not withdrawn:
            return None, ImportState.DONE
        outcomes[ABSENT_OUTCOME] += withdrawn
        return f"withdrawn as of {_utc_text(exported_at)}", ImportState.DONE

    async def _find_objection(self, exported_at: datetime) -> str | None:
        """Why the file cannot tell what is absent; None if it can."""
        if self.present.unreadable_line:
            return (
                f"line {self.present.unreadable_line}: a permit number that cannot be "
                "read; no permit is withdrawn, since it may be that one: put it right "
                "and import the whole file again"
            )
        last = await self.store.last(self.register, ImportState.DONE)
        if last and last.file.exported_at > exported_at:
            return (
                f"written at {_utc_text(exported_at)}, before {last.file.name} of "
                f"{_utc_text(last.file.exported_at)}, which is imported already; no "
                "permit is withdrawn: export the register again"
            )
        return None

    async def _find_absent(self, known_at: datetime) -> AbsentPermits:
        return await find_absent(
            self.present, self.register, self.scope, known_at, self.snapshot_store
        )

    def _is_confirmed(self, absent: AbsentPermits) -> bool:
        count = len(absent.ids)
        if self.withdraw_up_to is not None:
            return count <= self.withdraw_up_to
        return self.ask(
            f"withdraw {count} of {absent.permits} permits that the file lacks?"
        )


def _utc_text(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
