"""The table `view` of a mapping file: the register as a view of a database."""

from typing import Annotated, Final

from pydantic import Field, ValidationInfo, field_validator

from service.domain.permits.register_view import RegisterView
from service.formats.field_types import whole
from service.formats.file_model import Expected, FileModel, Wanted, expected
from service.formats.platform_types import Variable

_A_WEEK: Final = 10_080
_LONGEST_TIMEOUT: Final = 600.0
_SHORTEST_TIMEOUT: Final = 0.01
_NAME: Final = r"[\w$#]{1,63}"

ViewName = Annotated[
    str,
    Field(pattern=rf"^{_NAME}(\.{_NAME})?$"),
    Expected("the name of a view or table, with its schema if it needs one"),
]


class ViewTable(FileModel):
    """The view or table that has the register's permits; it is only read."""

    database_env: Annotated[Variable, Wanted("a variable's name")] = Field(
        description="the environment variable with the address of the database, as "
        "SQLAlchemy writes it",
        examples=["REGISTER_DATABASE"],
    )
    name: Annotated[ViewName, Wanted("the name of a view or table")] = Field(
        description="the view or table, whose columns are those of the mapping; with "
        "its schema if it needs one",
        examples=["export.licences"],
    )
    changed_at: (
        Annotated[str, Field(pattern=rf"^{_NAME}$"), Expected("a column's name")] | None
    ) = Field(
        default=None,
        description="the column with the instant at which a row was last changed; "
        "without it all rows are read each time",
        examples=["updated_at"],
    )
    overlap_minutes: (
        Annotated[int, Field(ge=1, le=_A_WEEK), whole(1, _A_WEEK)] | None
    ) = Field(
        default=None,
        validate_default=True,
        description="minutes before the newest change that are read again, for rows "
        "that were committed late; 60 unless given",
    )
    timeout: (
        Annotated[
            float,
            Field(ge=_SHORTEST_TIMEOUT, le=_LONGEST_TIMEOUT),
            Expected(f"seconds from {_SHORTEST_TIMEOUT} to {_LONGEST_TIMEOUT:g}"),
        ]
        | None
    ) = Field(
        default=None,
        description="seconds in which the first rows, and each thousand more, must "
        "come; 60 unless given",
    )
    every_minutes: Annotated[int, Field(ge=1, le=_A_WEEK), whole(1, _A_WEEK)] | None = (
        Field(
            default=None,
            description="minutes after which a worker reads it again; unless given, "
            "only the command does",
        )
    )

    @field_validator("overlap_minutes")
    @classmethod
    def _overlap_of_changes(
        cls, minutes: int | None, info: ValidationInfo
    ) -> int | None:
        if minutes is not None and not info.data.get("changed_at"):
            raise expected("a column changed_at beside it")
        return minutes

    def to_domain(self) -> RegisterView:
        """The view as its reader knows it."""
        return RegisterView(**self.given())
