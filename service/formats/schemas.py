"""JSON Schemas of the files that people write, for editors that complete and check."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from service.formats.authority import AuthoritiesFile
from service.formats.calendar_year import YearFile
from service.formats.mapping import MappingFile
from service.formats.platform import PlatformFile
from service.formats.rule import OverlayFile, RuleFile

FILES: Final[Mapping[str, tuple[str, Any]]] = {
    "rule": ("A rule of a permit type", RuleFile | OverlayFile),
    "authority": ("The offices of an installation", AuthoritiesFile),
    "calendar": ("The days of a year", YearFile),
    "mapping": ("The columns of a register", MappingFile),
    "platform": ("The format of an SMS platform", PlatformFile),
}
"""Each kind of file with its title and its model."""


class _FileSchema(GenerateJsonSchema):
    """Schemas for TOML: what is absent is left out there, and never null."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - pydantic's
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        found = super().default_schema(schema)
        found.pop("default", None)
        return found


def file_schema(kind: str) -> dict[str, Any]:
    """Build the JSON Schema (2020-12) of one of `FILES`."""
    title, model = FILES[kind]
    schema = TypeAdapter(model).json_schema(schema_generator=_FileSchema)
    return {"$schema": _FileSchema.schema_dialect, **schema, "title": title}
