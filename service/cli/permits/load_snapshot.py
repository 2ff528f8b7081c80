"""A full export loaded: what it does not name is withdrawn, if somebody confirms it."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

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

_TOO_MANY: Final = "more than 5 % and more than 10"


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
        """Say how many permits would be withdrawn, or why none would."""
        if objection := await self._find_objection(exported_at):
            return [objection]
        now = self.deps.registration.clock.now()
        absent = await self._find_absent(min(exported_at, now))
        count = len(absent.ids)
        remark = f"{count} permits would be withdrawn"
        if absent.is_too_many:
            remark += f", which --withdraw-up-to {count} must confirm: {_TOO_MANY}"
        return [remark]

    async def finish(
        self, run: ImportRun, result: ImportResult
    ) -> tuple[str | None, ImportState]:
        """Withdraw what it does not name; say why, where that is not done."""
        record = run.record
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
        now, store = self.deps.registration.clock.now(), self.deps.snapshot_store
        withdrawn = await withdraw_absent(absent.ids, record, known_at, now, store)
        if not withdrawn:
            return None, ImportState.DONE
        result.outcomes[ABSENT_OUTCOME] += withdrawn
        return f"withdrawn as of {_utc_text(exported_at)}", ImportState.DONE

    async def _find_objection(self, exported_at: datetime) -> str | None:
        """Why the file cannot tell what is absent; None if it can."""
        if self.present.unreadable_line:
            return (
                f"line {self.present.unreadable_line}: a permit number that cannot be "
                "read; no permit is withdrawn, since it may be that one: put it right "
                "and import the whole file again"
            )
        last = await self.deps.store.last(self.register, ImportState.DONE)
        if last and last.file.exported_at > exported_at:
            return (
                f"written at {_utc_text(exported_at)}, before {last.file.name} of "
                f"{_utc_text(last.file.exported_at)}, which is imported already; no "
                "permit is withdrawn: export the register again"
            )
        return None

    async def _find_absent(self, known_at: datetime) -> AbsentPermits:
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


def _utc_text(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
