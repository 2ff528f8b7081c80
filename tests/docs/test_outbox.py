"""docs/outbox.md against the code: every key, every field, every example."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from service.adapters.sms_platform.format.file import format_from
from service.adapters.sms_platform.message_fields import FIELDS
from service.domain.delivery.outcome import RefusalKind
from service.domain.errors import InvalidError
from tests.docs.pages import ROOT, blocks, named, rows

PAGE = (ROOT / "docs/outbox.md").read_text("utf-8")
STYLE = {"calling_code", "zone", "time_format"}
ALL_FIELDS = {f"c{at}": name for at, name in enumerate(FIELDS)}

UNKNOWN_KEYS: dict[str, dict[str, Any]] = {
    "[file]": {"file": {"format": "csv", "columns": ALL_FIELDS, "?": 1}},
    "[http]": {"http": {"fields": ALL_FIELDS, "?": 1}},
    "[http.answer]": {"http": {"answer": {"?": 1}}},
    "[results]": {"results": {"code": "c", "?": 1}},
    "[results.webhook]": {"results": {"webhook": {"?": 1}}},
}


def column(heading: str) -> list[str]:
    """The names in the first column of the table with this heading."""
    table = PAGE.split(f"\n| {heading} |")[1].split("\n\n")[0]
    return [name for row in rows(table)[1:] for name in named(row[0])]


@pytest.mark.parametrize("section", UNKNOWN_KEYS)
def test_every_key_of_a_format_is_explained_and_no_other(section: str) -> None:
    with pytest.raises(InvalidError) as refused:
        format_from(UNKNOWN_KEYS[section], "format.toml", Path())
    [unknown] = [one for one in refused.value.mistakes if one.field.endswith(".?")]
    known = {*unknown.expected.removeprefix("only ").split(", ")}
    assert {*column(f"key of `{section}`")} == known - STYLE


def test_every_field_and_kind_is_explained_and_no_other() -> None:
    assert column("field") == [*FIELDS]
    assert {*column("kind")} == {*RefusalKind}
    assert all(f"`{one}`" in PAGE for one in STYLE)


@pytest.mark.parametrize("text", blocks(PAGE, "toml"))
def test_every_format_that_is_shown_is_one(text: str) -> None:
    format_from(tomllib.loads(text), "docs/outbox.md", Path())
