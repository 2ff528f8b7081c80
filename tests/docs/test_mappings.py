"""docs/mappings.md against the code: every key is explained, every example loads."""

import re
import tomllib

import pytest

from service.adapters.registers.mapping_file import mapping_from
from service.domain.permits.permit_fields import FIELDS
from service.formats.mapping import MappingFile
from tests.docs.pages import ROOT, blocks, named

PAGE = (ROOT / "docs" / "mappings.md").read_text("utf-8")
_SECTION = re.compile(r"^### `(\w+)`\n(.*?)(?=^### |\Z)", re.MULTILINE | re.DOTALL)
SECTIONS = dict(_SECTION.findall(PAGE))
"""What the page says of each key."""

WHOLE = {
    "rule": "us-nyc-parking",
    "columns": {
        "Licence": "number",
        "Name": "holder",
        "Expires": "expires_on",
        "State": "status",
    },
}
"""What a mapping needs beside an example."""


def example_of(text: str) -> dict[str, object]:
    (example,) = blocks(text, "toml")
    return tomllib.loads(example)


def test_every_key_is_explained() -> None:
    assert {*SECTIONS} == {*MappingFile.model_fields}


@pytest.mark.parametrize("key", SECTIONS)
def test_the_example_of_a_key_has_it_and_loads(key: str) -> None:
    example = example_of(SECTIONS[key])
    assert key in example
    needed = {} if key == "permits" else WHOLE
    mapping_from({**needed, **example}, "mappings.md")


def test_the_first_example_is_a_whole_mapping() -> None:
    mapping_from(example_of(PAGE.partition("## What a cell")[0]), "mappings.md")


def test_every_field_of_a_permit_is_named() -> None:
    assert {*FIELDS} <= {*named(SECTIONS["columns"])}
