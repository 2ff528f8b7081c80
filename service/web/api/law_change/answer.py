"""Preview or apply a change of the law, and answer with its impact."""

from collections.abc import Sequence

from service.domain.law_change.edits import Edit, RulesEdit
from service.flow.law_change.change import (
    ChangeResult,
    LawCheck,
    apply_change,
    expect_any_law,
    preview_change,
)
from service.flow.law_change.summary import summarize_change
from service.web.api.law_change.models import ChangeQuery, Impact
from service.web.services import Services


async def preview_or_apply(
    services: Services,
    edit: Edit,
    query: ChangeQuery,
    by: str,
    *,
    check: LawCheck = expect_any_law,
    objections: Sequence[str] = (),
) -> ChangeResult:
    """Preview or apply a change, as the query says; `by` is the name of the API key."""
    store, clock = services.change_store, services.clock
    if query.dry_run:
        return await preview_change(
            edit, store, clock, check=check, objections=objections
        )
    return await apply_change(
        edit,
        store,
        clock,
        by=by,
        force_reason=query.force,
        check=check,
        objections=objections,
    )


def to_impact(change: ChangeResult, edit: Edit, query: ChangeQuery) -> Impact:
    """The answer of a change; a shadow version counts as not applied."""
    shadow = isinstance(edit, RulesEdit) and edit.shadow
    applied = not (query.dry_run or shadow)
    return Impact.model_validate(summarize_change(change, applied=applied))
