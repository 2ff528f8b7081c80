import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from service.adapters.calendars.files import read_years
from service.adapters.files.read import MOST_BYTES, read_file, read_text, read_toml
from service.adapters.registers.mapping_file import load_mapping
from service.adapters.registers.register_file import read_register
from service.adapters.rules.files import read_authorities, read_rules
from service.adapters.sms_platform.format.file import load_format
from service.adapters.sms_platform.format.model import DEFAULT_CSV_STYLE, ResultsFormat
from service.adapters.sms_platform.results.file import read_results
from service.domain.errors import InvalidError, SetUpError
from service.domain.untrusted.nesting import MOST_LEVELS

RESULTS = ResultsFormat(
    "id", "status", None, {}, {}, DEFAULT_CSV_STYLE, frozenset(), None
)


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


SPECIAL = "Is a pipe, a socket or a device; name a readable file"

TOML_READERS: list[Callable[[Path], object]] = [
    load_mapping,
    load_format,
    partial(read_authorities, calendars=()),
    partial(read_years, calendars=()),
    partial(read_rules, templates=(), calendars={}),
]


def read_rows(path: Path) -> None:
    list(read_register(path))


def read_result_rows(path: Path) -> None:
    list(read_results(path, RESULTS, uses_our_ids=True))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (make_pipe, SPECIAL),
        (make_socket, SPECIAL),
        (make_device, SPECIAL),
        (lambda path: path.symlink_to(path), "symbolic links; name a readable file"),
    ],
    ids=["pipe", "socket", "device", "loop"],
)
def test_what_is_no_file_is_refused_at_once(
    make: Callable[[Path], None],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    readers: list[tuple[str, Callable[[Path], object]]] = [
        *((f"{number}.toml", reader) for number, reader in enumerate(TOML_READERS)),
        ("x.ics", partial(read_years, calendars=())),
        ("x.txt", read_text),
        ("register.csv", read_rows),
        ("results.csv", read_result_rows),
        ("results.xlsx", read_result_rows),
    ]
    for name, read in readers:
        make(tmp_path / name)
        with pytest.raises(SetUpError) as refused:
            read(tmp_path / name)
        first, *more = str(refused.value).splitlines()
        assert (first.startswith(f"{tmp_path / name}: "), more) == (True, [])
        assert first.endswith(said)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SetUpError, match="Is a directory; name a readable file"):
        read_file(tmp_path)


@pytest.mark.parametrize(
    "content",
    [f"a = {'[' * 3000}", f"a = {'[' * 500}1{']' * 500}", f"{'a.' * 3000}a = 1"],
    ids=["many open lists", "many lists", "many tables"],
)
@pytest.mark.parametrize("read", TOML_READERS, ids=range(len(TOML_READERS)))
def test_many_levels_are_one_mistake(
    read: Callable[[Path], object], content: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(content)
    with pytest.raises(InvalidError) as refused:
        read(path)
    expected = f"values inside values, expected at most {MOST_LEVELS} levels"
    assert refused.value.in_one_line.endswith(f"file: found {expected}")


def test_as_many_levels_as_are_allowed_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    for levels, fits in ((MOST_LEVELS, True), (MOST_LEVELS + 1, False)):
        inner = levels - 1  # the file is a table itself
        path.write_text(f"a = {'[' * inner}{']' * inner}")
        if fits:
            assert list(read_toml(path)) == ["a"]
        else:
            with pytest.raises(InvalidError):
                read_toml(path)


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(InvalidError, match="found a larger file, expected at most"):
        read_toml(path)
