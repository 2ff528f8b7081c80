"""Models of pauses: request bodies and answers."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from service.web.api.parameter_types import Reason
from service.web.api.patterns import WORDS

_SCOPE = Field(
    default="all",
    max_length=130,
    pattern=f"^(all|(rule|authority|office|resend):{WORDS})$",
    description="all, rule:CODE, authority:CODE, office:CODE or resend:PROVIDER",
)


class PauseFields(BaseModel):
    """What to pause, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "scope": "rule:cn-food-production-license",
                    "reason": "the wording is being checked",
                }
            ]
        },
    )

    scope: str | None = _SCOPE
    reason: Reason = Field(
        description="one line, stored with the name of the API key",
    )


class ResumeFields(BaseModel):
    """What to resume."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"scope": "rule:cn-food-production-license"}]},
    )

    scope: str | None = _SCOPE


class Pause(BaseModel):
    """A pause in force."""

    model_config = ConfigDict(from_attributes=True)

    scope: str = Field(
        description="what is paused: all, rule:CODE, authority:CODE, office:CODE, or "
        "resend:PROVIDER: no automatic re-sends after an absence"
    )
    since: datetime = Field(description="when it was paused")
    by: str = Field(
        description="the API key or user that paused it; breaker, volume guard or "
        "resend guard if the service did"
    )
    reason: str = Field(description="why it is paused")


class Pauses(BaseModel):
    """The pauses in force, oldest first."""

    paused: list[Pause] = Field(description="every pause in force")
