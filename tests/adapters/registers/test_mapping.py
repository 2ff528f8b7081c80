from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.adapters.registers.mapping import (
    IDENTITY_MAPPING,
    NO_OFFICE,
    RegisterMapping,
)
from service.adapters.registers.mapping_file import load_mapping, mapping_from
from service.adapters.registers.row_mapper import RowMapper
from service.domain.errors import InvalidError, Mistake, SetUpError

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


def read(
    mapping: RegisterMapping, raw: Mapping[str, str]
) -> tuple[dict[str, object], list[Mistake]]:
    (reading,) = RowMapper(mapping).read_permits(raw)
    return reading.fields, reading.mistakes


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
    assert (minimal.encoding, minimal.delimiter, minimal.sheet) == (None,) * 3
    assert minimal.date_format is None
    assert read(minimal, {"Nr": " 1 ", "Until": "2026-12-31"}) == (
        {"rule": "us-nyc-parking", "number": "1", "expires_on": "2026-12-31"},
        [],
    )


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"colums": {}}, "colums: found an unknown key, expected only authority, "),
        ({"authority": 5}, "authority: found 5, expected text"),
        ({"source": ""}, 'source: found "", expected text of 1 to 80 characters'),
        ({"source": "x" * 81}, "source: found "),
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
            'values.status.A: found "actve", expected active or suspended or ',
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
        (
            {"constants": {"statsu": "active"}},
            "constants.statsu: found an unknown field, expected one of authority, ",
        ),
        (
            {"constants": {"rule": "x"}},
            "constants.rule: found a constant with a key of its own, expected rule at ",
        ),
        ({"constants": {"status": "active"}}, "columns: found status 2 times, "),
        (
            {"permits": [{"rule": "x", "columns": {"No": "language"}}]},
            "columns: found rule 2 times in permits[1], expected it once",
        ),
        (
            {"permits": [{"columns": {"Nr": "language"}}]},
            "columns.Nr: found a column with several meanings, expected it once",
        ),
        ({"permits": [{}]}, "permits[1].columns: found nothing, expected "),
        (
            {"date_formats": {"Name": ["%Y"]}},
            'date_formats.Name[1]: found "%Y", expected strptime codes',
        ),
        (
            {"date_formats": {"Name": ["excel"]}},
            "date_formats.Name: found a column of another kind, expected one mapped ",
        ),
        (
            {"date_format": "excel", "date_formats": ["minguo"]},
            "date_formats: found ['minguo'], expected a table by column, beside date_",
        ),
        (
            {"width": {"Nr": 0}},
            "width.Nr: found 0, expected a whole number from 1 to 64",
        ),
        ({"width": {"X": 3}}, "width.X: found a column of another kind, expected one "),
        (
            {"two_digit_years_from": 70},
            "two_digit_years_from: found 70, expected a whole number from 1950 to 2101",
        ),
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


def test_a_mistyped_phone_in_the_place_of_a_heading_or_date_is_masked() -> None:
    mistyped = "138000001420"
    (heading, *_) = IDENTITY_MAPPING.header_mistakes([mistyped])
    assert heading.field == "138*****1420"
    _, (day,) = read(mapping(), {"Until": mistyped})
    assert day.found == "'138*****1420'"


def test_by_name_only_the_required_columns_must_be_there() -> None:
    assert not list(
        IDENTITY_MAPPING.header_mistakes(["rule", "number", "holder", "expires_on"])
    )
    assert [one.field for one in IDENTITY_MAPPING.header_mistakes(["status"])] == [
        *("rule", "number", "holder", "expires_on")
    ]


def test_words_are_translated_and_unknown_ones_named() -> None:
    words = {"Current": "active", "": "withdrawn"}
    translated = mapping(values={"status": words})
    assert read(translated, {"State": " Current "})[0]["status"] == "active"
    assert read(translated, {"State": ""})[0]["status"] == "withdrawn"
    fields, (mistake,) = read(translated, {"State": "current"})
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
    fields, wrong_ones = read(mapping(date_format=form), {"Until": written})
    assert not wrong_ones
    assert fields["expires_on"] == day


def test_a_date_in_another_format_is_named() -> None:
    fields, (mistake,) = read(mapping(date_format="%d/%m/%Y"), {"Until": "12/31/2026"})
    assert fields["expires_on"] == ""
    assert str(mistake) == (
        "expires_on: found '12/31/2026', expected a date like 2026-12-31, or written "
        "%d/%m/%Y"
    )


def test_several_columns_may_hold_phones() -> None:
    columns = {**COLUMNS, "Cell": "phones", "Office": "phones"}
    fields, _ = read(mapping(columns=columns), {"Cell": "1", "Office": "2"})
    assert fields["phones"] == "1;2"


def test_columns_of_phones_may_have_roles_in_the_order_of_columns() -> None:
    columns = {**COLUMNS, "Agent": "phones", "Cell": "phones", "Boss": "phones"}
    roles = {"Boss": "manager", "Agent": "agent"}
    cells = {"Boss": "+12125550142", "Cell": "3", "Agent": "212-555-0143;2125550144"}
    fields, _ = read(mapping(columns=columns, roles=roles), cells)
    assert fields["phones"] == [
        {"phone": "212-555-0143", "role": "agent"},
        {"phone": "2125550144", "role": "agent"},
        "3",
        {"phone": "+12125550142", "role": "manager"},
    ]


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ({"Cell": "cousin"}, "representative or manager or agent"),
        ({"Name": "agent"}, "one mapped to phones"),
    ],
)
def test_a_role_is_a_known_one_and_of_phones(
    roles: dict[str, str], expected: str
) -> None:
    found = wrong(columns={**COLUMNS, "Cell": "phones"}, roles=roles)
    assert found.endswith(f"expected {expected}")


def test_each_column_of_dates_may_have_formats_of_its_own() -> None:
    forms = mapping(
        columns={**COLUMNS, "From": "issued_on"},
        date_format="%m/%d/%Y",
        date_formats={"From": ["%d %b %Y", "excel"]},
    )
    for written in ("7 May 2021", "44323", "2021/5/7"):
        fields, _ = read(forms, {"From": written, "Until": "11/15/2027"})
        assert fields["issued_on"] == "2021-05-07"
        assert fields["expires_on"] == "2027-11-15"
    assert read(forms, {"From": "05/07/2021"})[1][0].field == "issued_on"


def test_an_instant_has_the_day_of_its_rows_office() -> None:
    zones = {"cn": ZoneInfo("Asia/Shanghai"), NO_OFFICE: ZoneInfo("America/New_York")}
    instants = replace(mapping(columns={**COLUMNS, "By": "authority"}), zones=zones)
    days = [
        read(instants, {"Until": "2026-12-30T20:00:00Z", "By": office})[0]["expires_on"]
        for office in ("cn", "", "unknown")
    ]
    assert days == ["2026-12-31", "2026-12-30", ""]


def test_words_for_no_expiry_are_no_missing_date() -> None:
    words = {"见副本": "no expiry"}
    permanent = mapping(values={"expires_on": words})
    for written in ("长期", "9999-12-31", "见副本"):
        assert read(permanent, {"Until": written}) == (
            {"rule": "us-nyc-parking", "expires_on": None},
            [],
        )
    assert read(permanent, {"Until": "2026-12-31"})[0]["expires_on"] == "2026-12-31"


def test_words_may_reject_skip_or_withdraw_their_row() -> None:
    words = {"Open": "active", "Draft": "skip", "Error": "reject", "Void": "withdraw"}
    decided = mapping(values={"status": words, "number": {"": "skip"}})
    readings = [
        RowMapper(decided).read_permits({"Nr": number, "State": word})[0]
        for number, word in [
            *(("1", "Open"), ("2", "Draft"), ("3", "Error"), ("4", "Void")),
            *(("", "Void"), ("", "Error")),
        ]
    ]
    assert [one.decision for one in readings] == [
        None,
        ("skip", "State: Draft"),
        ("reject", "State: Error"),
        ("withdraw", "State: Void"),
        ("skip", "Nr: "),
        ("reject", "State: Error"),
    ]
    assert readings[3].fields["status"] == "withdrawn"
    assert [str(one) for one in readings[2].mistakes] == [
        "status: found 'Error', expected another one: the mapping rejects it"
    ]


def test_constants_are_the_same_in_every_row() -> None:
    columns = {"Nr": "number", "Name": "holder"}
    constants = {"language": "zh", "expires_on": "2026年12月31日"}
    fields, wrong_ones = read(
        mapping(columns=columns, constants=constants), {"Nr": "1"}
    )
    assert not wrong_ones
    assert fields == {
        "rule": "us-nyc-parking",
        "language": "zh",
        "expires_on": "2026-12-31",
        "number": "1",
    }


def test_zeros_that_a_spreadsheet_dropped_are_put_back() -> None:
    padded = mapping(width={"Nr": 6, "Until": 8}, date_format="%d%m%Y")
    for number, same in [("142", "000142"), ("1000142", "1000142"), ("A-1", "A-1")]:
        fields, _ = read(padded, {"Nr": number, "Until": "1122026"})
        assert fields["number"] == same
        assert fields["expires_on"] == "2026-12-01"


LICENCE_AND_ANNEX = {
    "columns": {"Name": "holder"},
    "permits": [
        {"rule": "licence", "columns": {"Nr": "number", "Until": "expires_on"}},
        {"rule": "annex", "columns": {"Nr 2": "number", "Until 2": "expires_on"}},
    ],
}


def test_a_row_may_state_two_permits() -> None:
    both = mapping_from(LICENCE_AND_ANNEX, "m.toml")
    first = {"Name": "Ann", "Nr": "1", "Until": "2026-12-31"}
    second = {"Nr 2": "2", "Until 2": "2027-06-30"}
    found = [one.fields for one in RowMapper(both).read_permits({**first, **second})]
    assert found == [
        {"rule": rule, "holder": "Ann", "number": number, "expires_on": day}
        for rule, number, day in [
            ("licence", "1", "2026-12-31"),
            ("annex", "2", "2027-06-30"),
        ]
    ]
    (only,) = RowMapper(both).read_permits({**first, "Nr 2": " ", "Until 2": ""})
    assert only.fields["rule"] == "licence"
    (neither,) = RowMapper(both).read_permits({"Name": "Ann", "Nr": ""})
    assert "expires_on" not in neither.fields


def test_a_header_has_the_columns_of_all_permits() -> None:
    both = mapping_from(LICENCE_AND_ANNEX, "m.toml")
    header = ["Name", "Nr", "Until", "Nr 2"]
    (missing,) = both.header_mistakes(header)
    assert missing.field == "Until 2"


@pytest.mark.parametrize(
    ("ignore", "unknown"),
    [
        ("rest", []),
        (["备注*", "*code*"], ["Note"]),
        (["Note"], ["备注1", "备注 [2]", "Zip code"]),
        (["备注 [2]", "*"], []),
    ],
)
def test_columns_may_be_ignored_by_pattern_or_all(
    ignore: object, unknown: list[str]
) -> None:
    header = ["Nr", "Name", "Until", "State", "备注1", "备注 [2]", "Zip code", "Note"]
    found = mapping(ignore=ignore).header_mistakes(header)
    assert [one.field for one in found] == unknown


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
