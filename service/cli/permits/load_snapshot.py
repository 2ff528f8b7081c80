"""A full export loaded: what it does not name is withdrawn, if somebody confirms it."""

import sys
from dataclasses import dataclass
from datetime import datetime

import click

from service.domain.permits.snapshot_scope import SnapshotScope
from service.flow.permits.import_record import ImportState
from service.flow.permits.import_register import ImportResult
from service.flow.permits.import_run import ImportDeps, ImportRun
from service.flow.permits.snapshot.absent import (
    ABSENT_OUTCOME,
    AbsentPermits,
    find_absent,
    withdraw_absent,
)
from service.flow.permits.snapshot.present import PresentPermits


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A full export of a scope, and the permits that it names.

    `withdraw_up_to` confirms the withdrawal of so many permits that it does not name.
    """

    present: PresentPermits
    register: str
    scope: SnapshotScope
    withdraw_up_to: int | None
    deps: ImportDeps

    async def rehearse(self, exported_at: datetime) -> list[str]:
        """Say how many permits would be withdrawn."""
        now = self.deps.registration.clock.now()
        absent = await self._find_absent(min(exported_at, now))
        if absent is None:
            return [self._unreadable]
        return [f"{len(absent.ids)} permits would be withdrawn"]

    async def finish(
        self, run: ImportRun, result: ImportResult
    ) -> tuple[str | None, ImportState]:
        """Withdraw what it does not name; say why, where that is not done."""
        record = run.record
        # A clock that runs ahead, or a simulated one, must not make the export newer.
        known_at = min(record.file.exported_at, record.started_at)
        absent = await self._find_absent(known_at)
        if absent is None:
            return self._unreadable, ImportState.DONE
        if absent.is_too_many and not self._is_confirmed(absent):
            refusal = (
                f"{len(absent.ids)} of {absent.permits} permits of {self.register} are "
                f"absent from {record.file.name}, more than 5 % and more than 10: none "
                "is withdrawn; if they are to be, import it again with --snapshot "
                f"--withdraw-up-to {len(absent.ids)}"
            )
            return refusal, ImportState.UNCONFIRMED
        now, store = self.deps.registration.clock.now(), self.deps.snapshot_store
        withdrawn = await withdraw_absent(
            absent.ids, self.register, known_at, now, store
        )
        if withdrawn:
            result.outcomes[ABSENT_OUTCOME] += withdrawn
        return None, ImportState.DONE

    async def _find_absent(self, known_at: datetime) -> AbsentPermits | None:
        """What the export lacks; None after a number that cannot be read."""
        if self.present.unreadable_line:
            return None
        store = self.deps.snapshot_store
        return await find_absent(
            self.present, self.register, self.scope, known_at, store
        )

    def _is_confirmed(self, absent: AbsentPermits) -> bool:
        count = len(absent.ids)
        if self.withdraw_up_to is not None:
            return count <= self.withdraw_up_to
        question = f"withdraw {count} of {absent.permits} permits that the file lacks?"
        return sys.stdin.isatty() and click.confirm(question, err=True)

    @property
    def _unreadable(self) -> str:
        return (
            f"line {self.present.unreadable_line}: a permit number that cannot be "
            "read; no permit is withdrawn, since it may be that one: put it right and "
            "import the whole file again"
        )
