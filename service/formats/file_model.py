"""The base of all models, and how a field says what it expects."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

EXPECTED = "expected"
"""The pydantic error type whose message is the `expected` of a mistake."""


class FileModel(BaseModel):
    """A table of a file: unknown keys are mistakes, and no value is converted.

    A field that may be absent is None then, so that defaults stand only in the domain.
    """

    # Most commands read only one kind of file: build a validator when it is used.
    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, defer_build=True
    )

    def to_domain(self) -> Any:  # noqa: ANN401 - each model names its own type
        """Build the domain's object from the fields that are there."""
        raise NotImplementedError

    def given(self) -> dict[str, Any]:
        """The fields that are there, as the domain's constructors take them."""
        return {name: _converted(value) for name, value in self if value is not None}


def _converted(value: object) -> object:
    if isinstance(value, FileModel):
        return value.to_domain()
    return tuple(map(_converted, value)) if isinstance(value, tuple) else value


@dataclass(frozen=True)
class Wanted:
    """In `Annotated`: what a required field expects, where there is nothing."""

    text: str


class Expected(Wanted):
    """In `Annotated`: whatever is wrong with the value, this was expected instead."""

    def __get_pydantic_core_schema__(
        self,
        source: Any,  # noqa: ANN401 - pydantic's
        handler: GetCoreSchemaHandler,
    ) -> CoreSchema:
        return core_schema.custom_error_schema(
            handler(source), EXPECTED, custom_error_message=self.text
        )


def expected(text: str) -> PydanticCustomError:
    """Make the error of a validator that knows best what it expected."""
    return PydanticCustomError(EXPECTED, text)


class Shown(str):
    """What a validator found, in words that a mistake takes over as they are."""

    __slots__ = ()


Path = tuple[int | str, ...]
"""Keys, and numbers of rows from 0."""

Finding = tuple[str | Path, object, str]
"""A key below the validator's own, or a path of keys; value found; what it expected."""


def refuse(findings: Iterable[Finding]) -> None:
    """Raise all that a validator found wrong; does nothing where that is nothing."""
    errors = [
        InitErrorDetails(
            type=expected(text),
            loc=(key,) if isinstance(key, str) else key,
            input=found,
        )
        for key, found, text in findings
    ]
    if errors:
        raise ValidationError.from_exception_data("file", errors)
