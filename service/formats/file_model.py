"""The base of all models, and how a field says what it expects."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    ValidationInfo,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

EXPECTED = "expected"
"""The pydantic error type whose message is the `expected` of a mistake."""

LIST = "[list]"
TABLE = "[table]"
"""Tags of a value that may be either; a mistake's place does not show them."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContext:
    """What values are checked against beside themselves.

    `already_checked`: they are stored, and were checked when they were installed.
    """

    already_checked: bool = False


def is_new(info: ValidationInfo) -> bool:
    """Whether values come in: they are neither stored already nor an answer's."""
    return isinstance(info.context, FileContext) and not info.context.already_checked


@dataclass(frozen=True)
class Range:
    """In `Annotated`: the least and the greatest number, or number of characters.

    Only what comes in is checked: what an earlier release accepted stays readable.
    """

    least: float
    most: float

    def __get_pydantic_core_schema__(
        self,
        source: Any,  # noqa: ANN401 - pydantic's
        handler: GetCoreSchemaHandler,
    ) -> CoreSchema:
        return core_schema.with_info_after_validator_function(
            self._check, handler(source)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        found = handler(schema)
        if found["type"] == "string":
            return found | {"minLength": self.least, "maxLength": self.most}
        return found | {"minimum": self.least, "maximum": self.most}

    def _check(self, value: Any, info: ValidationInfo) -> Any:  # noqa: ANN401 - as it came
        size = len(value) if isinstance(value, str) else value
        if is_new(info) and not self.least <= size <= self.most:
            raise ValueError
        return value


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
