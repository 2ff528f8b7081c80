"""Preview or apply a change of the law, and print what it does to permits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.cli.installation import whoami
from service.cli.output.law_change import print_law_change
from service.domain.law_change.edits import Edit
from service.flow.law_change.change import apply_change, preview_change

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.app import Installation


async def preview_or_apply(
    installation: Installation,
    edit: Edit,
    force_reason: str | None,
    *,
    dry_run: bool,
    objections: Sequence[str] = (),
) -> int:
    """Print the impact of an edit; 1 if something objects to a previewed one.

    Raises `ConflictError` if something objects to an applied one that is not forced.
    """
    store, clock = installation.change_store, installation.clock
    if dry_run:
        previewed = await preview_change(edit, store, clock, objections=objections)
        return print_law_change(previewed, applied=False)
    change = await apply_change(
        edit,
        store,
        clock,
        by=whoami(),
        force_reason=force_reason,
        objections=objections,
    )
    return print_law_change(change, applied=True)
