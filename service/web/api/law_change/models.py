"""Models of a change of the law, for every route that makes one."""

from datetime import date

from pydantic import BaseModel, Field

from service.web.api.parameter_types import Flag, Reason
from service.web.api.request_input import Parameters


class ChangeQuery(Parameters):
    """Whether to apply a change, and the reason to force it."""

    dry_run: Flag = Field(
        examples=[True],
        default=False,
        description="true or false: true shows what would change and changes nothing",
    )
    force: Reason | None = Field(
        default=None,
        description="why to apply it despite objections, one line of at most 200 "
        "characters",
    )


class FieldChange(BaseModel):
    """A field that differs."""

    field: str = Field(description="the name of the field")
    before: str | None = Field(description="its former value; null if it had none")
    after: str | None = Field(description="its new value; null if it has none")


class Change(BaseModel):
    """A change of a rule, a version, an authority or a year of a calendar."""

    before: str | None = Field(description="its former name; null if it is new")
    after: str | None = Field(description="its new name; null if it is removed")
    fields: list[FieldChange] = Field(description="every field that differs")


class Shift(BaseModel):
    """Permits whose closing moves in one direction, in calendar days."""

    permits: int = Field(description="number of permits")
    least_days: int = Field(description="the smallest move, in days")
    most_days: int = Field(description="the largest move, in days")


class Week(BaseModel):
    """Reminders that fall due in a week, of the permits whose dates change."""

    monday: date = Field(description="the first day of the week")
    before: int = Field(description="reminders before the change")
    after: int = Field(description="reminders after the change")


class Impact(BaseModel):
    """What changes in the law, and what that does to permits."""

    applied: bool = Field(description="false if it was only previewed")
    changes: list[Change] = Field(description="what changes in the law")
    permits: int = Field(description="number of permits whose dates change")
    earlier: Shift = Field(description="permits that close earlier")
    later: Shift = Field(description="permits that close later")
    exact: int = Field(description="closings that were provisional and are now exact")
    past: int = Field(description="permits still valid whose closing is now past")
    late: dict[str, int] = Field(
        description="texts that are late and due at once, by step"
    )
    kept: dict[str, int] = Field(
        description="texts already sent and not repeated, by step"
    )
    dropped: dict[str, int] = Field(
        description="texts already sent in steps that are dropped, by step"
    )
    redated: int = Field(description="due reminders that get new dates")
    superseded: int = Field(description="due reminders that end as superseded")
    corrected: int = Field(
        description="permits that get a correction, because a text announced too "
        "late a day"
    )
    weeks: list[Week] = Field(
        description="reminders of those permits in the next twelve weeks"
    )
    objections: list[str] = Field(
        description="why the change should not be applied; it must be forced"
    )
