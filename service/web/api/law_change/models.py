"""What a change of the law does, as every route that makes one answers it."""

from datetime import date

from pydantic import BaseModel, Field

from service.domain.law_change.edits import Edit, RulesEdit
from service.flow.law_change.change import ChangeResult, apply_change, preview_change
from service.flow.law_change.summary import summarize_change
from service.web.api.parameter_types import Flag, Reason
from service.web.api.request_input import Parameters
from service.web.services import Services


class ChangeQuery(Parameters):
    """Whether a change is meant, and why in spite of what speaks against it."""

    dry_run: Flag = Field(
        examples=[True],
        default=False,
        description="true or false: only say what it would do",
    )
    force: Reason | None = Field(
        default=None,
        description="why it is right all the same, one line of at most 200 characters",
    )


class FieldChange(BaseModel):
    """What one field says."""

    field: str = Field(description="the name of the field")
    before: str | None = Field(description="null where it said nothing")
    after: str | None = Field(description="null where it says nothing")


class Change(BaseModel):
    """A rule's words, a version, an authority or a year of a calendar."""

    before: str | None = Field(description="its name; null where it was not there")
    after: str | None = Field(description="its name; null where it is gone")
    fields: list[FieldChange] = Field(description="every field that differs")


class Shift(BaseModel):
    """Permits whose closing moves one way, by calendar days."""

    permits: int = Field(description="how many")
    least_days: int = Field(description="the smallest move")
    most_days: int = Field(description="the largest move")


class Week(BaseModel):
    """Reminders of the permits that move that fall due in a week."""

    monday: date = Field(description="its first day")
    before: int = Field(description="by the law before the change")
    after: int = Field(description="by the law after it")


class Impact(BaseModel):
    """What the law says differently, and what that means for permits."""

    applied: bool = Field(description="false where it was only previewed")
    changes: list[Change] = Field(description="what the law says differently")
    permits: int = Field(description="permits that move")
    earlier: Shift = Field(description="permits that close earlier")
    later: Shift = Field(description="permits that close later")
    exact: int = Field(description="closings that were provisional before")
    past: int = Field(description="permits that still run, but close in the past now")
    late: dict[str, int] = Field(description="texts due at once, by step")
    kept: dict[str, int] = Field(description="texts sent and not repeated, by step")
    dropped: dict[str, int] = Field(description="texts sent in steps now gone, by step")
    redated: int = Field(description="due reminders that get another date")
    superseded: int = Field(description="due reminders that end")
    corrected: int = Field(description="permits that were told too late a day")
    weeks: list[Week] = Field(
        description="reminders of those permits in the next twelve weeks"
    )
    objections: list[str] = Field(description="what speaks against it")


async def preview_or_apply(
    services: Services, edit: Edit, query: ChangeQuery, by: str
) -> ChangeResult:
    """Preview a change, or apply it in the name of the key's holder."""
    if query.dry_run:
        return await preview_change(edit, services.change_store, services.clock)
    return await apply_change(
        edit, services.change_store, services.clock, by=by, force_reason=query.force
    )


def to_impact(changed: ChangeResult, edit: Edit, query: ChangeQuery) -> Impact:
    """Answer what was made of a change; a shadow is never applied."""
    shadow = isinstance(edit, RulesEdit) and edit.shadow
    applied = not (query.dry_run or shadow)
    return Impact.model_validate(summarize_change(changed, applied=applied))
