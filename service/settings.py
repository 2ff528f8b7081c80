"""Settings from the environment: `PERMIT_REMINDERS_…` and Twilio's own names."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    PositiveFloat,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.domain.errors import InvalidError, Mistake, SetUpError

Url = Annotated[
    str, StringConstraints(pattern=r"^https?://[^\s/#?]+(/[^\s#?]*[^\s#?/])?$")
]


class TwilioSettings(BaseSettings):
    """The names that Twilio's users already have."""

    model_config = SettingsConfigDict(env_prefix="TWILIO_", env_ignore_empty=True)

    account_sid: str | None = None
    auth_token: SecretStr | None = None
    api_key: str | None = None
    api_secret: SecretStr | None = None
    messaging_service_sid: str | None = None
    from_: str | None = Field(default=None, validation_alias="TWILIO_FROM")
    api_url: Url | None = None

    @property
    def given(self) -> list[str]:
        """The variables of these that are set."""
        return [f"TWILIO_{name.upper().strip('_')}" for name in self.model_fields_set]


class Settings(BaseSettings):
    """What an installation can choose; times in seconds."""

    model_config = SettingsConfigDict(
        env_prefix="PERMIT_REMINDERS_", env_ignore_empty=True
    )

    database_url: str = "sqlite:///permit-reminders.db"
    key: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    public_url: Url | None = None
    provider: Literal["sandbox", "twilio"] = "sandbox"
    authority: str | None = None
    settle: PositiveFloat = 300.0
    tick: PositiveFloat = 15.0
    proxy: Url | None = None
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    twilio: TwilioSettings = Field(default_factory=TwilioSettings, exclude=True)

    @property
    def post_timeout(self) -> float:
        """How long one POST may take: less than the time after which it is settled."""
        return min(10.0, self.settle / 2)

    @property
    def lease(self) -> float:
        """How long a claim is its owner's: some rounds of POSTs."""
        return 6 * self.post_timeout

    @model_validator(mode="after")
    def _nothing_real_by_accident(self) -> Self:
        if self.provider == "sandbox" and self.twilio.given:
            names = ", ".join(sorted(self.twilio.given))
            raise SetUpError(
                f"{names} set, but PERMIT_REMINDERS_PROVIDER is not: set it to "
                "twilio to send real SMS, or unset TWILIO_*"
            )
        return self


def load() -> Settings:
    """The settings of this process; raises `InvalidError` naming every wrong one."""
    try:
        return Settings()
    except ValidationError as error:
        raise InvalidError("settings", list(map(_mistake, error.errors()))) from None


def _mistake(detail: object) -> Mistake:
    assert isinstance(detail, dict)  # noqa: S101 - pydantic's error details
    name = "_".join(str(part) for part in detail["loc"]).upper()
    return Mistake(
        field=f"PERMIT_REMINDERS_{name}".rstrip("_"),
        found=repr(detail["input"]) if detail["loc"] else "them",
        expected=str(detail["msg"]).removeprefix("Value error, "),
    )


def shipped(folder: str) -> Path:
    """A folder that comes with the service: schedules, templates, examples.

    Inside the package when installed, beside it in a checkout.
    """
    package = Path(__file__).parent
    installed = package / "shipped" / folder
    return installed if installed.is_dir() else package.parent / folder
