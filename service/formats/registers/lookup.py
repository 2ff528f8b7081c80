"""The table `lookup` of a mapping file: how its register is asked about one permit."""

import re
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationInfo, field_validator

from service.domain.permits.lookup import LONGEST_TIMEOUT, Lookup
from service.formats.field_types import whole
from service.formats.file_model import Expected, FileModel, expected
from service.formats.platform_types import Variable

_A_DAY: Final = 1440
_MOST_AT_ONCE: Final = 20
_SHORTEST_TIMEOUT: Final = 0.01

_PARAMETER: Final = re.compile(r"(?<![:\w]):([a-zA-Z_]\w*)")
_READS: Final = re.compile(r"\s*(select|with)\b", re.IGNORECASE)

LookupUrl = Annotated[
    str,
    Field(
        pattern=r'^https?://[0-9A-Za-z.:\[\]-]+/[!"$-z|~]*\{number\}[!"$-z|~]*$',
    ),
    Expected(
        "an http or https address in ASCII with {number} in its path once, without a "
        "user or fragment"
    ),
]
"""An address to GET; credentials belong in the variable of `token_env`."""


class LookupTable(FileModel):
    """How the register is asked about a permit just before the permit is texted."""

    url: LookupUrl | None = Field(
        default=None,
        description="the address that answers with the permit as a JSON object, whose "
        "keys are the columns, or with 404; {number} stands for the permit's number",
        examples=["https://register.example/permits/{number}"],
    )
    query: Annotated[str, Expected("text")] | None = Field(
        default=None,
        validate_default=True,
        description="instead of url, a SELECT that finds the permit's row; :number "
        "stands for the permit's number",
        examples=["SELECT * FROM licences WHERE licence_no = :number"],
    )
    token_env: Variable | None = Field(
        default=None,
        description="the environment variable with the token that the URL needs, sent "
        "as Authorization: Bearer",
        examples=["REGISTER_TOKEN"],
    )
    database_env: Variable | None = Field(
        default=None,
        validate_default=True,
        description="the environment variable with the address of the database that "
        "the query is for, as SQLAlchemy writes it",
        examples=["REGISTER_DATABASE"],
    )
    fresh_minutes: Annotated[int, Field(ge=1, le=_A_DAY), whole(1, _A_DAY)] | None = (
        Field(
            default=None,
            description="minutes for which an answer counts; 60 unless given",
        )
    )
    timeout: (
        Annotated[
            float,
            Field(ge=_SHORTEST_TIMEOUT, le=LONGEST_TIMEOUT),
            Expected(f"seconds from {_SHORTEST_TIMEOUT} to {LONGEST_TIMEOUT:g}"),
        ]
        | None
    ) = Field(
        default=None, description="seconds that a question may take; 3 unless given"
    )
    at_once: (
        Annotated[int, Field(ge=1, le=_MOST_AT_ONCE), whole(1, _MOST_AT_ONCE)] | None
    ) = Field(
        default=None,
        description="questions that may be under way at a time; 4 unless given",
    )
    on_failure: Annotated[Literal["hold", "pass"], Expected("hold or pass")] | None = (
        Field(
            default=None,
            description="what becomes of a text if it gives no usable answer: "
            "hold, which it is unless given, or pass",
        )
    )

    @field_validator("query")
    @classmethod
    def _one_way_to_ask(cls, query: str | None, info: ValidationInfo) -> str | None:
        if "url" in info.data and (query is None) == (info.data["url"] is None):
            raise expected("either url or query")
        if query is not None and not _READS.match(query):
            raise expected("a query that begins with SELECT or WITH")
        if query is not None and {*_PARAMETER.findall(query)} != {"number"}:
            raise expected("a query with :number in it, and no other parameter")
        return query

    @field_validator("token_env")
    @classmethod
    def _token_of_a_url(cls, name: str | None, info: ValidationInfo) -> str | None:
        if name and not info.data.get("url"):
            raise expected("a url that it is sent to")
        return name

    @field_validator("database_env")
    @classmethod
    def _database_of_a_query(cls, name: str | None, info: ValidationInfo) -> str | None:
        if "query" in info.data and (name is None) != (info.data["query"] is None):
            raise expected("a variable's name beside query, none beside url")
        return name

    def to_domain(self) -> Lookup:
        """The look-up, without the mapping that it stands in."""
        return Lookup(**self.given())
