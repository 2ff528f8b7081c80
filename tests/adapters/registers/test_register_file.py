from collections import Counter
from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path

import pytest

from service.adapters.registers.mapping_file import load_mapping, mapping_from
from service.adapters.registers.register_file import read_register
from service.adapters.registers.register_row import RegisterRow
from service.domain.errors import InvalidError, SetUpError
from service.domain.permits.permit import Permit, PermitStatus

ROOT = Path(__file__).parents[3]
NYC = ROOT.parent / "shared" / "data" / "nyc-dca-licences.csv"
HEADER = "rule,number,holder,expires_on,phones"
IDENTITY = {"columns": {name: name for name in HEADER.split(",")}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "permits.csv"


def row(number: str, holder: str = "ACME", phones: str = "") -> str:
    return f"us-nyc-parking,{number},{holder},2026-12-31,{phones}"


def read(path: Path, *lines: str) -> list[RegisterRow]:
    path.write_text("\n".join([HEADER, *lines]), "utf-8", newline="")
    return list(read_register(path, default_authority="us-nyc"))


def errors(rows: list[RegisterRow]) -> dict[int, str]:
    return {one.line: str(one.error) for one in rows if one.error}


def numbers(rows: list[RegisterRow]) -> list[tuple[int, str]]:
    return [(one.line, one.permit.number) for one in rows if one.permit]


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(InvalidError) as caught:
        list(read_register(path, default_authority="us-nyc"))
    return str(caught.value)


def test_a_file_headed_by_the_permit_fields_needs_no_mapping(path: Path) -> None:
    (one,) = read(path, row("1", '"ACME, Ltd"', "(212) 555-0142"))
    assert one.permit == Permit(
        authority="us-nyc",
        rule="us-nyc-parking",
        number="1",
        holder="ACME, Ltd",
        expires_on=date(2026, 12, 31),
        phones=("(212) 555-0142",),
    )
    assert one.cells == [
        "us-nyc-parking",
        "1",
        "ACME, Ltd",
        "2026-12-31",
        "(212) 555-0142",
    ]
    assert (one.line, one.error) == (2, None)


def test_the_good_rows_go_in_and_the_bad_ones_say_why(path: Path) -> None:
    rows = read(path, row("1"), row("", ""), row("3"))
    assert numbers(rows) == [(2, "1"), (4, "3")]
    assert errors(rows) == {
        3: "permits.csv:3:\n  number: found nothing, expected the permit's number\n"
        "  holder: found nothing, expected the holder's name"
    }


def test_lines_are_those_of_the_file(path: Path) -> None:
    rows = read(path, "", row("1", '"two\nlines"'), "", ",,,,", row("2"), row("3"))
    assert numbers(rows) == [(7, "2"), (8, "3")]
    assert list(errors(rows)) == [3]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_any_line_ends_and_a_bom_are_taken(path: Path, end: str, bom: str) -> None:
    content = bom + end.join([HEADER.replace(",", " , "), row("1"), row("2"), ""])
    path.write_bytes(content.encode())
    rows = list(read_register(path, default_authority="us-nyc"))
    assert numbers(rows) == [(2, "1"), (3, "2")]


def test_a_row_with_too_many_or_too_few_cells_is_refused_with_all_its_cells(
    path: Path,
) -> None:
    rows = read(path, row("1") + ",a,b", "us-nyc-parking,2", row("3"))
    assert numbers(rows) == [(4, "3")]
    assert errors(rows) == {
        2: "permits.csv:2: row: found 7 cells, expected 5, as in the header",
        3: "permits.csv:3: row: found 2 cells, expected 5, as in the header",
    }
    assert rows[0].cells[5:] == ["a", "b"]
    assert rows[1].cells == ["us-nyc-parking", "2", "", "", ""]


@pytest.mark.parametrize("where", ["holder", "phones"])
def test_a_nul_byte_is_a_mistake_of_its_row(path: Path, where: str) -> None:
    rows = read(path, row("1", **{where: "A\0B"}), row("2"))
    assert numbers(rows) == [(3, "2")]
    assert errors(rows) == {2: "permits.csv:2: row: found a NUL byte, expected text"}


@pytest.mark.parametrize("quoted", ['"ACME', '"ACME" Ltd'])
def test_a_stray_quote_costs_its_own_line_only(path: Path, quoted: str) -> None:
    rows = read(path, row("1"), row("2", quoted), row("3", '"B"'), row("4"))
    assert numbers(rows) == [(2, "1"), (4, "3"), (5, "4")]
    assert list(errors(rows)) == [3]
    assert rows[1].cells == [*[""] * 5, row("2", quoted)]


def test_a_quote_that_never_closes_swallows_no_good_row(path: Path) -> None:
    rows = read(path, row("0", '"ACME'), *(row(str(n)) for n in range(1, 5000)))
    assert numbers(rows) == [(n + 2, str(n)) for n in range(1, 5000)]
    assert list(errors(rows)) == [2]


def test_a_row_that_says_the_same_again_is_marked(path: Path) -> None:
    rows = read(path, row("1"), row("２"), row("2 ", "  Acme "), row("2"), row("3"))
    assert numbers(rows) == [(2, "1"), (3, "2"), (6, "3")]
    assert [(one.line, one.repeats) for one in rows if one.repeats] == [(4, 3), (5, 3)]
    assert errors(rows) == {}


def test_rows_that_differ_in_their_phones_state_one_permit(path: Path) -> None:
    written = ("2125550142", "(212) 555-0142", "6465550143;2125550144")
    rows = read(path, *(row("1", phones=phones) for phones in written))
    assert [one.repeats for one in rows] == [None, 2, 2]
    assert rows[0].permit
    assert rows[0].permit.phones == ("2125550142", "6465550143", "2125550144")


def test_a_row_that_states_a_permit_twice_adds_the_phones_of_both(path: Path) -> None:
    document = {
        "rule": "us-nyc-parking",
        "columns": {"Name": "holder", "Until": "expires_on"},
        "permits": [
            {"columns": {"Nr": "number", "Mobile": "phones"}},
            {"columns": {"Nr 2": "number", "Mobile 2": "phones"}},
        ],
    }
    path.write_text(
        "Name,Until,Nr,Mobile,Nr 2,Mobile 2\n"
        "ACME,2026-12-31,1,2125550142,1,6465550143\n"
    )
    mapping = mapping_from(document, "m.toml")
    first, second = read_register(path, mapping, default_authority="us-nyc")
    assert first.permit
    assert first.permit.phones == ("2125550142", "6465550143")
    assert (second.permit, second.repeats) == (None, 2)


@pytest.mark.parametrize(
    "other",
    [
        row("2").replace("2026", "2031"),
        row("2", "Another"),
    ],
)
def test_rows_that_contradict_each_other_all_come_back(path: Path, other: str) -> None:
    rows = read(path, row("1"), row("2"), row("2"), *map(row, "345"), other)
    assert [number for _, number in numbers(rows)] == ["1", "3", "4", "5"]
    wanted = "expected one row, or the same in all rows of a permit"
    found = {
        line: error.partition(": number: found ")[2]
        for line, error in errors(rows).items()
    }
    assert found == {
        3: f"other values than line 8, {wanted}",
        4: f"other values than line 8, {wanted}",
        8: f"other values than line 3, {wanted}",
    }


def test_a_refused_row_does_not_make_the_next_a_duplicate(path: Path) -> None:
    rows = read(path, row("1", ""), row("1"))
    assert numbers(rows) == [(3, "1")]


def test_the_quote_that_guards_a_formula_is_taken_off_again(path: Path) -> None:
    (one,) = read(path, row("1", "'=ACME", "'+12125550142"))
    assert one.cells[2] == "=ACME"
    assert one.cells[4] == "+12125550142"


def test_an_apostrophe_that_makes_a_cell_text_is_taken_off_but_for_a_name(
    path: Path,
) -> None:
    marked = "'us-nyc-parking,'1,'t Hof,'2026-12-31,'+1 212 555 0142"
    (one,) = read(path, marked)
    assert one.permit is not None, one.error
    assert (one.permit.rule, one.permit.number) == ("us-nyc-parking", "1")
    assert one.permit.holder == "'t Hof"
    assert one.permit.phones == ("+1 212 555 0142",)


def test_what_a_spreadsheet_puts_around_cells_is_taken_off(path: Path) -> None:
    cells = ("us-nyc-parking", "00123", "ACME", "2026-12-31", "2125550142")
    quoted = ",".join(f'"=""{cell}"""' for cell in cells)
    marked = "us-nyc-parking,'00124,ACME,'2026-12-31,'2125550142"
    hidden = "\u202dus-nyc-parking\u202c,\u200e00125,ACME,\u200e2026-12-31,2125550142"
    rows = read(path, quoted, marked, hidden)
    assert numbers(rows) == [(2, "00123"), (3, "00124"), (4, "00125")]
    assert {one.permit.holder for one in rows if one.permit} == {"ACME"}


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (b"", "permits.csv: file: found nothing, expected a header and rows"),
        (b"\xef\xbb\xbf\n\n", "permits.csv: file: found nothing, expected a header"),
        (b'"rule', "permits.csv: header: found unexpected end of data, expected"),
        (b"rule;number", "permits.csv:\n  holder: found no such column, expected it"),
        (b"rule\xff,number\n\xff\n", "permits.csv:\n  rule\u00ff: found an unknown"),
        (HEADER.encode(), "permits.csv: file: found a header and no rows, expected"),
    ],
)
def test_a_wrong_file_is_refused_as_a_whole(
    path: Path, content: bytes, mistake: str
) -> None:
    assert refused(path, content).startswith(mistake)


def test_wrong_bytes_far_down_are_found_before_the_first_row(path: Path) -> None:
    lines = [HEADER, row("0", "许可"), *(row(str(n)) for n in range(1, 4_000))]
    path.write_bytes("\n".join(lines).encode() + b"\n" + "许可".encode("gb18030"))
    with pytest.raises(InvalidError, match="not utf-8 near line 4002"):
        read_register(path, default_authority="us-nyc")


def test_a_file_cut_inside_a_character_is_refused(path: Path) -> None:
    assert "near line 2" in refused(path, f"{HEADER}\n许".encode()[:-1])


def test_a_file_that_is_not_there_is_one_line(path: Path) -> None:
    with pytest.raises(SetUpError, match=r"permits\.csv: No such file"):
        list(read_register(path))


@pytest.mark.parametrize("name", ["utf-16", "UTF16"])
def test_utf_16_is_read_with_and_without_a_mark(path: Path, name: str) -> None:
    mapping = mapping_from({"encoding": name, **IDENTITY}, "m.toml")
    for written in ("utf-16", "utf-16-le", "utf-16-be"):
        path.write_text(f"{HEADER}\n{row('1')}\n", written)
        (one,) = read_register(path, mapping, default_authority="us-nyc")
        assert one.permit


def test_a_named_encoding_is_used(path: Path) -> None:
    columns = {"证号": "number", "名称": "holder", "有效期至": "expires_on"}
    document = {
        "encoding": "gb18030",
        "rule": "cn-food-production-license",
        "date_format": "%Y年%m月%d日",
        "columns": columns,
    }
    path.write_text("证号,名称,有效期至\nSC1,某某食品,2026年12月31日\n", "gb18030")
    mapping = mapping_from(document, "m.toml")
    (one,) = read_register(path, mapping, default_authority="cn-demo-city")
    assert one.permit
    assert one.permit.holder == "某某食品"
    assert one.permit.expires_on == date(2026, 12, 31)


def test_mistakes_of_the_mapping_and_of_the_permit_are_named_together(
    path: Path,
) -> None:
    document = {
        "rule": "us-nyc-parking",
        "date_format": "%d/%m/%Y",
        "columns": {"Nr": "number", "Name": "holder", "Until": "expires_on"},
    }
    path.write_text("Nr,Name,Until\n,ACME,12/31/2026\n")
    mapping = mapping_from(document, "m.toml")
    (one,) = read_register(path, mapping, default_authority="us-nyc")
    assert one.error
    assert [mistake.field for mistake in one.error.mistakes] == ["expires_on", "number"]


@pytest.mark.skipif(not NYC.exists(), reason="the shared register is not here")
def test_a_real_register_is_read_row_by_row() -> None:
    mapping = load_mapping(ROOT / "examples" / "mappings" / "nyc-dca.toml")
    rows = list(read_register(NYC, mapping))
    assert [one.line for one in rows] == list(range(2, 5532))
    reasons = Counter(
        f"{one.error.mistakes[0].field} {one.error.mistakes[0].found.split()[0]}"
        for one in rows
        if one.error
    )
    assert reasons == {"expires_on nothing": 3}
    assert sum(one.withdraws is not None for one in rows) == 27
    permits = [one.permit for one in rows if one.permit]
    assert len(permits) == 5530 - 31
    active = [one for one in permits if one.status is PermitStatus.ACTIVE]
    assert sum(one.expires_on == date(2023, 3, 31) for one in active) == 1479
    assert Counter(len(one.phones) for one in permits) == {1: 5498, 2: 1}


def stopping_after(rows: int) -> Callable[[], None]:
    calls = count(1)

    def check() -> None:
        if next(calls) > rows:
            raise TimeoutError

    return check


@pytest.mark.parametrize(("checked", "taken"), [(2, 0), (4, 0), (6, 2)])
def test_a_check_can_stop_the_reading_and_the_taking_of_rows(
    checked: int, taken: int, path: Path
) -> None:
    path.write_text("\n".join([HEADER, *(row(str(n)) for n in range(4))]), "utf-8")
    found: list[RegisterRow] = []

    def take() -> None:
        stop = stopping_after(checked)
        found.extend(read_register(path, default_authority="us-nyc", check=stop))

    with pytest.raises(TimeoutError):
        take()
    assert len(found) == taken
