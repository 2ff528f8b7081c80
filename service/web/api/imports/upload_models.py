"""The form of a register that is sent."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from service.domain.errors import InvalidError, Mistake
from service.flow.permits.import_record import ImportMode
from service.flow.ports import UploadOptions
from service.web.api.parameter_types import Flag, Instant, PermitCount
from service.web.api.request_input import Parameters

Content = Annotated[str, WithJsonSchema({"type": "string", "format": "binary"})]
"""The content of a file."""


class RegisterForm(BaseModel):
    """A register and its mapping, each as a file."""

    model_config = ConfigDict(extra="forbid")

    file: Content = Field(
        description="the register: CSV, XLSX, XLS, ODS or NDJSON, at most 256 MiB"
    )
    mapping: Content = Field(
        default="",
        description="a mapping file, at most 1 MiB; without it the headings are the "
        "names of permit fields",
    )


class UploadQuery(Parameters):
    """How the register is imported."""

    mode: Literal[ImportMode.UPSERT, ImportMode.SNAPSHOT] = Field(
        default=ImportMode.UPSERT,
        description="upsert, or snapshot: the file names all permits of `snapshot` in "
        "the mapping, and others are withdrawn",
    )
    exported_at: Instant | None = Field(
        default=None,
        description="when the register was exported: an instant with its offset; "
        "permits that changed later are not withdrawn. Needed by a snapshot",
    )
    withdraw_up_to: PermitCount | None = Field(
        default=None,
        description="confirm that a snapshot may withdraw so many permits: a whole "
        "number; without it at most 5 %, or ten",
    )
    strict: Flag = Field(
        default=False, description="true: store nothing if a row is rejected"
    )
    dry_run: Flag = Field(
        default=False, description="true: say what would happen, and store nothing"
    )

    def options(self) -> UploadOptions:
        """The options; raises `InvalidError` where they do not fit together."""
        is_snapshot = self.mode is ImportMode.SNAPSHOT
        mistakes = list[Mistake]()
        if is_snapshot and self.exported_at is None:
            expected = "when the register was exported, for a snapshot"
            mistakes.append(Mistake("exported_at", "nothing", expected))
        if self.withdraw_up_to is not None and not is_snapshot:
            found, expected = str(self.withdraw_up_to), "none without mode=snapshot"
            mistakes.append(Mistake("withdraw_up_to", found, expected))
        if mistakes:
            raise InvalidError("request", mistakes)
        return UploadOptions(
            snapshot=is_snapshot,
            withdraw_up_to=self.withdraw_up_to,
            strict=self.strict,
            dry_run=self.dry_run,
            exported_at=self.exported_at,
        )
