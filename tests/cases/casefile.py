"""Case files: the dates that a lawyer expects; an unknown or odd key is refused."""

import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

EXAMPLE_OFFICE = "990000"


class CaseFileError(Exception):
    """A case file that cannot be used; the message names the file and each mistake."""


@dataclass(frozen=True)
class Answer:
    """The dates of a case, by whichever way they are computed."""

    version: str
    opens_on: date | None
    closes_on: date
    closes_on_lenient: date
    steps: Sequence[tuple[str, date]]
    stands: str | None


class Asked(BaseModel):
    """One permit in an office with its reading of unqualified days, on a given day."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    unqualified_days: Literal["safe", "working", "calendar"] = "safe"
    issued_on: date | None = None
    expires_on: date
    today: date | None = None


class Case(Asked):
    """A permit, and the dates that the law gives it."""

    why: str
    authority: str | None = None
    version: str
    opens_on: date | None = None
    closes_on: date
    closes_on_lenient: date | None = None
    provisional: bool = False
    steps: dict[str, date]
    stands: str | None = None

    @model_validator(mode="after")
    def _today_with_what_stands(self) -> Self:
        if (self.today is None) != (self.stands is None):
            raise ValueError("`today` and `stands` come together")
        return self

    def answer(self) -> Answer:
        """The dates that the case expects."""
        return Answer(
            version=self.version,
            opens_on=self.opens_on,
            closes_on=self.closes_on,
            closes_on_lenient=self.closes_on_lenient or self.closes_on,
            steps=list(self.steps.items()),
            stands=self.stands,
        )


class CaseFile(BaseModel):
    """The cases of one rule; `authority` is the office of cases that name none."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    rule: str
    authority: str = EXAMPLE_OFFICE
    cases: list[Case] = Field(min_length=1)


def read_cases(path: Path, rules: Collection[str]) -> CaseFile:
    """Read a case file of one of the rules; raises `CaseFileError`."""
    try:
        found = CaseFile.model_validate(tomllib.loads(path.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise CaseFileError(f"{path.name}: {error}") from None
    except ValidationError as error:
        raise CaseFileError(f"{path.name}: {_mistakes(error)}") from None
    if found.rule not in rules:
        raise CaseFileError(f"{path.name}: rule: no rule file has code {found.rule!r}")
    if found.rule != path.stem:
        raise CaseFileError(f"{path.name}: rule: expected {path.stem!r}, as the file")
    whys = [case.why for case in found.cases]
    for why in sorted({one for one in whys if whys.count(one) > 1}):
        raise CaseFileError(f"{path.name}: why: two cases say {why!r}")
    return found


def _mistakes(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()
    )
