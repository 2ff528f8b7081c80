from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from service.adapters.registers.mapping import IDENTITY_MAPPING, RegisterMapping
from service.adapters.registers.mapping_file import load_mapping, mapping_from
from service.domain.errors import InvalidError, SetUpError

COLUMNS = {"Nr": "number", "Name": "holder", "Until": "expires_on", "State": "status"}
GOOD: dict[str, Any] = {"rule": "us-nyc-parking", "columns": COLUMNS}


def mapping(**changes: object) -> RegisterMapping:
    return mapping_from({**GOOD, **changes}, "m.toml")


def mistakes(document: Mapping[str, object]) -> list[str]:
    with pytest.raises(InvalidError) as caught:
        mapping_from(document, "m.toml")
    assert caught.value.where == "m.toml"
    return [str(mistake) for mistake in caught.value.mistakes]


def wrong(**changes: object) -> str:
    (one,) = mistakes({**GOOD, **changes})
    return one


def test_a_mapping_has_the_values_of_its_file() -> None:
    words = {"Current": "active"}
    assert mapping(
        authority="us-nyc",
        date_format="%d/%m/%Y",
        encoding="gb18030",
        source="city",
        max_age_days=30,
        ignore=["Note"],
        values={"status": words},
    ) == RegisterMapping(
        columns=COLUMNS,
        values={"status": words},
        constants={"rule": "us-nyc-parking", "authority": "us-nyc"},
        ignore=("Note",),
        date_format="%d/%m/%Y",
        encoding="gb18030",
        source="city",
        max_age_days=30,
    )


def test_a_minimal_mapping_reads_utf_8_and_iso_dates() -> None:
    minimal = mapping()
    assert minimal.encoding == "utf-8-sig"
    assert minimal.date_format is None
    assert minimal.read_fields({"Nr": " 1 ", "Until": "2026-12-31"}) == (
        {"rule": "us-nyc-parking", "number": "1", "expires_on": "2026-12-31"},
        [],
    )


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"colums": {}}, "colums: found an unknown key, expected only authority, "),
        ({"authority": 5}, "authority: found 5, expected text"),
        ({"source": ""}, 'source: found "", expected text'),
        ({"columns": "x"}, 'columns: found "x", expected a table'),
        ({"ignore": "Note"}, 'ignore: found "Note", expected a list of column names'),
        ({"ignore": [1]}, "ignore: found [1], expected a list of column names"),
        (
            {"ignore": ["Nr"]},
            'ignore: found "Nr", expected a column that is not mapped',
        ),
        ({"values": []}, "values: found [], expected a table"),
        ({"values": {"status": 1}}, "values.status: found 1, expected a table"),
        ({"values": {"status": {"A": 1}}}, "values.status.A: found 1, expected text"),
        (
            {"values": {"status": {"A": "actve"}}},
            'values.status.A: found "actve", expected active or suspended or withdrawn',
        ),
        (
            {"values": {"language": {"E": "en"}}},
            "values.language: found a field without a column, expected a mapped one",
        ),
        ({"columns": {**COLUMNS, "X": "nmber"}}, 'columns.X: found "nmber", expected '),
        ({"columns": {**COLUMNS, "X": "number"}}, "columns: found number 2 times, "),
        ({"columns": {**COLUMNS, "X": "rule"}}, "columns: found rule 2 times, "),
        ({"columns": {**COLUMNS, "X": 1}}, "columns.X: found 1, expected text"),
        ({"date_format": "%d.%m."}, 'date_format: found "%d.%m.", expected strptime'),
        ({"date_format": "yyyy"}, 'date_format: found "yyyy", expected strptime'),
        ({"date_format": "%"}, 'date_format: found "%", expected strptime'),
        *(
            ({"encoding": name}, f'encoding: found "{name}", expected a text encoding')
            for name in ("", "rot13", "idna", "punycode", "unicode_escape", "utf-7")
        ),
        ({"encoding": "utf-9"}, 'encoding: found "utf-9", expected a text encoding'),
        ({"encoding": "base64"}, 'encoding: found "base64", expected a text encoding'),
        ({"encoding": "a\0"}, 'encoding: found "a\\x00", expected a text encoding'),
        ({"max_age_days": 30}, "source: found nothing, expected the register"),
        (
            {"source": "x", "max_age_days": 0},
            "max_age_days: found 0, expected a whole number from 1 to 3660",
        ),
        (
            {"source": "x", "max_age_days": True},
            "max_age_days: found True, expected a whole number from 1 to 3660",
        ),
    ],
)
def test_a_wrong_mapping_names_the_key(
    changes: dict[str, object], mistake: str
) -> None:
    assert wrong(**changes).startswith(mistake)


def test_all_mistakes_of_a_mapping_are_named_together() -> None:
    found = mistakes({"columns": {}, "encoding": "utf-9", "foo": 1, "max_age_days": 3})
    assert [one.split(":")[0] for one in found] == [
        *("columns", "columns", "columns", "columns"),
        *("encoding", "source", "foo"),
    ]
    assert "nothing for rule, expected a column for it, or a constant" in found[0]


def test_what_a_header_has_too_much_or_too_little_is_named() -> None:
    header = ["Nr", "Name", "State", "State", "Nte", "Note", ""]
    found = mapping(ignore=["Note", "not in this year's file"]).header_mistakes(header)
    assert [(one.field, one.found) for one in found] == [
        ("State", "2 columns of that name"),
        ("Nte", "an unknown column"),
        ("header", "a column without a name"),
        ("Until", "no such column"),
    ]


def test_a_header_that_is_really_a_row_does_not_show_its_phones() -> None:
    (one, *_) = IDENTITY_MAPPING.header_mistakes(["+12125550142"])
    assert one.field == "+1212***0142"


def test_by_name_only_the_required_columns_must_be_there() -> None:
    assert not list(
        IDENTITY_MAPPING.header_mistakes(["rule", "number", "holder", "expires_on"])
    )
    assert [one.field for one in IDENTITY_MAPPING.header_mistakes(["status"])] == [
        *("rule", "number", "holder", "expires_on")
    ]


def test_words_are_translated_and_unknown_ones_named() -> None:
    words = {"Current": "active", "": "withdrawn"}
    read = mapping(values={"status": words})
    assert read.read_fields({"State": " Current "})[0]["status"] == "active"
    assert read.read_fields({"State": ""})[0]["status"] == "withdrawn"
    fields, (mistake,) = read.read_fields({"State": "current"})
    assert fields["status"] == ""
    assert str(mistake) == "status: found 'current', expected one of Current"


@pytest.mark.parametrize(
    ("written", "form", "day"),
    [
        ("31/12/2026", "%d/%m/%Y", "2026-12-31"),
        ("2026年12月31日", "%Y年%m月%d日", "2026-12-31"),
        ("2009-03-31T00:00:00.000", "%Y-%m-%dT%H:%M:%S.%f", "2009-03-31"),
        ("20261231", "%Y%m%d", "2026-12-31"),
        ("", "%d/%m/%Y", ""),
    ],
)
def test_dates_are_read_in_the_format_of_the_register(
    written: str, form: str, day: str
) -> None:
    fields, wrong_ones = mapping(date_format=form).read_fields({"Until": written})
    assert not wrong_ones
    assert fields["expires_on"] == day


def test_a_date_in_another_format_is_named() -> None:
    fields, (mistake,) = mapping(date_format="%d/%m/%Y").read_fields(
        {"Until": "2026-12-31"}
    )
    assert fields["expires_on"] == ""
    assert str(mistake) == (
        "expires_on: found '2026-12-31', expected a date written %d/%m/%Y"
    )


def test_several_columns_may_hold_phones() -> None:
    columns = {**COLUMNS, "Cell": "phones", "Office": "phones"}
    fields, _ = mapping(columns=columns).read_fields({"Cell": "1", "Office": "2"})
    assert fields["phones"] == "1;2"


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (b"columns = ", "file: found "),
        (b"\xff\xfe", "file: found "),
    ],
)
def test_a_file_that_is_not_toml_is_one_line(
    tmp_path: Path, content: bytes, mistake: str
) -> None:
    path = tmp_path / "m.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidError, match="expected TOML in UTF-8") as caught:
        load_mapping(path)
    assert str(caught.value).startswith(f"{path}: {mistake}")


def test_a_mapping_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(SetUpError, match=r"m\.toml: No such file"):
        load_mapping(tmp_path / "m.toml")
