"""The form of a register that is sent."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

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
