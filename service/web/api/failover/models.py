"""Models of a failover: what is open, and the decision."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from service.web.api.parameter_types import Reason


class FailoverDecision(BaseModel):
    """Why what may have been sent before the failover is sent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "the platform sent none of them"}]},
    )

    reason: Reason = Field(description="one line, stored with the name of the API key")


class Failover(BaseModel):
    """The server of the database, and what is open since it was another one."""

    server: str | None = Field(
        description="system, timeline and database; null for SQLite or a standby"
    )
    found_at: datetime | None = Field(
        description="when the change was found; null if there was none"
    )
    doubt: str | None = Field(description="why nothing is sent; null if it is")
    asked: int = Field(description="messages that the provider is asked about")
    held: int = Field(description="reminders that wait for a decision")
