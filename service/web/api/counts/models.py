"""Models of the counts: parameters and answer."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from service.domain.untrusted.raw_fields import EXPECTED_DAY
from service.flow.reports.weekly import GroupBy
from service.web.api.parameter_types import Day, TextLine
from service.web.api.request_input import Parameters


class CountsQuery(Parameters):
    """Which days to count, by what, in which form."""

    from_: Day = Field(alias="from", description=EXPECTED_DAY, examples=["2024-01-29"])
    to: Day = Field(
        description=f"{EXPECTED_DAY}, not before from", examples=["2024-02-04"]
    )
    by: GroupBy = Field(default="rule", description="rule, authority, day or week")
    format: Literal["json", "csv"] = Field(default="json", description="json or csv")
    authority: TextLine | None = Field(
        default=None,
        description="the code of an authority, all below it included; "
        "the one in the settings by default",
    )


class CountsRow(BaseModel):
    """The counts of one rule, authority, day or week."""

    of: str = Field(
        description="the code of the rule or authority, the day, or the week"
    )
    reminders: int = Field(description="件: reminders sent, one per permit and step")
    messages: int = Field(description="条: SMS that the provider accepted")
    delivered: int = Field(description="messages delivered, as known by `as_of`")
    failed: int = Field(description="messages that failed")
    pending: int = Field(description="messages without a final receipt by `as_of`")
    segments: int = Field(description="billed segments of the messages")
    holders: int | None = Field(
        default=None,
        description="different holders reminded, those without a code by name and "
        "phone; only by day and week, because by rule or authority one holder may be "
        "in several rows",
    )


class Counts(BaseModel):
    """Counts of whole local days, both included."""

    authority: str = Field(
        description="the code of the authority; all below it are included"
    )
    from_: date = Field(alias="from", description="the first day")
    to: date = Field(description="the last day")
    as_of: datetime = Field(description="the instant until which receipts are counted")
    by: GroupBy = Field(description="what each row counts")
    rows: list[CountsRow] = Field(
        description="one for each rule, authority, day or week"
    )
