"""Settings from the environment: `PERMIT_REMINDERS_…` and Twilio's own names."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.domain.delivery.circuit import FIRST_WAIT
from service.domain.errors import InvalidError, Mistake, SetUpError
from service.domain.untrusted.text import CONTROL_CHARACTERS, is_utf8

PREFIX: Final = "PERMIT_REMINDERS_"
TWILIO: Final = "TWILIO_"

MIN_SETTLE: Final = 60.0
"""A provider that answers slowly has taken the message: ask long enough after."""


def _check_url(url: str) -> str:
    if CONTROL_CHARACTERS.search(url):
        raise ValueError
    _ = urlsplit(url).port  # ValueError for brackets or a port that nobody has
    return url


Url = Annotated[
    str,
    StringConstraints(
        pattern=r"^https?://[^\s/#?]+(/[^\s#?]*[^\s#?/])?$", max_length=2000
    ),
    AfterValidator(_check_url),
]
SHORTEST_SETTLE: Final = 0.001
"""With the sandbox; with a real provider `MIN_SETTLE` is the least."""

SHORTEST_TICK: Final = 0.1
"""More often a worker would look for work without a pause."""

DAY: Final = 86_400
_SHOWN: Final = 200
"""Characters of a wrong value that its mistake repeats."""

_ADDRESS: Final = "an http or https address without a slash at its end"


def _seconds(default: float, least: float, most: int = DAY) -> Any:  # noqa: ANN401 - as Field
    expected = f"seconds, from {least} to {most}"
    return Field(default=default, ge=least, le=most, description=expected)


class TwilioSettings(BaseSettings):
    """The names that Twilio's users already have."""

    model_config = SettingsConfigDict(env_prefix=TWILIO, env_ignore_empty=True)

    account_sid: str | None = None
    auth_token: SecretStr | None = None
    api_key: str | None = None
    api_secret: SecretStr | None = None
    webhook_secret: SecretStr | None = None
    messaging_service_sid: str | None = None
    from_: str | None = Field(default=None, validation_alias="TWILIO_FROM")
    api_url: Url | None = Field(default=None, description=_ADDRESS)

    @property
    def set_variables(self) -> list[str]:
        """The variables of these that are set."""
        return [f"{TWILIO}{name.upper().strip('_')}" for name in self.model_fields_set]


class Settings(BaseSettings):
    """What an installation can choose; times in seconds.

    The error for a wrong value shows its description as what was expected.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True)

    database_url: str = Field(
        default="sqlite:///permit-reminders.db",
        pattern=r"^(sqlite:///[^?#]+|postgresql://\S+)$",
        description="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE",
    )
    read_url: str | None = Field(
        default=None, pattern=r"^postgresql://\S+$", description="postgresql://…"
    )
    key: SecretStr | None = None
    host: str = Field(
        default="127.0.0.1",
        max_length=255,
        description="an IP address or localhost",
    )
    port: int = Field(default=8080, ge=0, le=65535, description="0 to 65535")
    public_url: Url | None = Field(default=None, description=_ADDRESS)
    provider: Literal["sandbox", "twilio", "outbox"] = "sandbox"
    outbox: Path | None = None
    registers: Path | None = None
    authority: str | None = Field(
        default=None, max_length=64, description="the code of an authority"
    )
    settle: float = _seconds(300.0, SHORTEST_SETTLE)
    failover_window: float = _seconds(3600.0, 0, 30 * DAY)
    tick: float = _seconds(15.0, SHORTEST_TICK)
    proxy: Url | None = Field(default=None, description=_ADDRESS)
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    twilio: TwilioSettings = Field(default_factory=TwilioSettings, exclude=True)

    @property
    def database_file(self) -> Path | None:
        """The file that `database_url` names; None for a database on a server."""
        name = self.database_url.removeprefix("sqlite:///")
        return None if name == self.database_url else Path(name)

    @property
    def shown_database(self) -> str:
        """The database for people: its file, or its address without a password."""
        file = self.database_file
        return _hide_user(self.database_url) if file is None else str(file.absolute())

    @property
    def file_beside(self) -> Path:
        """What files beside the database begin with; of a server's, in this folder."""
        return self.database_file or Path("permit-reminders")

    @property
    def post_timeout(self) -> float:
        """How long one POST may take: less than the time after which it is settled."""
        return min(10.0, self.settle / 2)

    @property
    def lease(self) -> float:
        """How long a claim is its owner's: some rounds of POSTs."""
        return 6 * self.post_timeout

    @property
    def first_probe_wait(self) -> float:
        """How long a provider that is out is left alone before it is first probed."""
        return min(FIRST_WAIT, self.settle / 10)

    @property
    def takes_replies(self) -> bool:
        """Whether texts to us come in; an SMS platform passes on only results."""
        is_reached = self.provider == "twilio" and self.public_url is not None
        return self.provider == "sandbox" or is_reached

    @model_validator(mode="after")
    def _check_settle(self) -> Self:
        if self.provider != "sandbox" and self.settle < MIN_SETTLE:
            name = f"{PREFIX}SETTLE"
            expected = f"at least {MIN_SETTLE:.0f} with a real provider"
            raise InvalidError("settings", [Mistake(name, str(self.settle), expected)])
        return self

    @model_validator(mode="after")
    def _check_twilio_unused(self) -> Self:
        if self.provider != "twilio" and self.twilio.set_variables:
            names = ", ".join(sorted(self.twilio.set_variables))
            isnt = "is not" if self.provider == "sandbox" else f"is {self.provider}"
            raise SetUpError(
                f"{names} set, but PERMIT_REMINDERS_PROVIDER {isnt}: set it to "
                "twilio to send real SMS, or unset TWILIO_*"
            )
        return self

    @model_validator(mode="after")
    def _check_outbox_format(self) -> Self:
        if self.provider == "outbox" and self.outbox is None:
            raise SetUpError(
                f"{PREFIX}OUTBOX: set it to the format file of the office's own SMS "
                "platform, as PERMIT_REMINDERS_PROVIDER is outbox"
            )
        if self.provider != "outbox" and self.outbox is not None:
            raise SetUpError(
                f"{PREFIX}OUTBOX set, but PERMIT_REMINDERS_PROVIDER is "
                f"{self.provider}: set it to outbox, or unset {PREFIX}OUTBOX"
            )
        return self


def load_settings() -> Settings:
    """The settings of this process; raises `InvalidError` naming every wrong one.

    Also a name nobody knows is wrong: a typing error would be a silent default.
    """
    if wrong := [*_unknown_variables(), *_unreadable_variables()]:
        raise InvalidError("settings", wrong)
    try:
        return Settings()
    except ValidationError as error:
        raise InvalidError("settings", list(_mistakes(error))) from None


def _unknown_variables() -> Iterator[Mistake]:
    known = sorted(
        PREFIX + name.upper() for name in Settings.model_fields.keys() - {"twilio"}
    )
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            expected = f"one of {', '.join(known)}"
            yield Mistake(name, "a setting nobody knows", expected)


def _unreadable_variables() -> Iterator[Mistake]:
    """Find those whose bytes are no text, as Python passes them on in halves."""
    for name in sorted(os.environ):
        if name.upper().startswith((PREFIX, TWILIO)) and not is_utf8(os.environ[name]):
            yield Mistake(name, "bytes that are no text", "text in UTF-8")


def _mistakes(error: ValidationError) -> Iterator[Mistake]:
    """One for each wrong variable, without the password an address may hold."""
    of_twilio = error.title == TwilioSettings.__name__
    model, prefix = (TwilioSettings, TWILIO) if of_twilio else (Settings, PREFIX)
    for detail in error.errors():
        name = str(detail["loc"][0])
        expected = model.model_fields[name].description
        yield Mistake(
            field=prefix + name.upper(),
            found=_hide_user(repr(detail["input"]))[:_SHOWN],
            expected=expected or detail["msg"].removeprefix("Input should be "),
        )


def _hide_user(address: str) -> str:
    """Hide all before the last @: a password may have an @ or a / in it."""
    return re.sub(r"(?<=//).*(?=@)|(?<=password=)[^&]*", "***", address)


def shipped_folder(name: str) -> Path:
    """A folder that comes with the service: schedules, templates, examples.

    Inside the package when installed, beside it in a checkout.
    """
    package = Path(__file__).parent
    installed = package / "shipped" / name
    return installed if installed.is_dir() else package.parent / name
