import os
from collections.abc import Callable
from pathlib import Path

import pytest

from service.adapters.files.write import write_text
from service.domain.errors import SetUpError


def nothing(path: Path) -> None:
    """Leave the path as it is: its folder is missing."""


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("folder", Path.mkdir, "Is a directory"),
        ("none/x", nothing, "No such file or directory"),
        ("x" * 300, nothing, "File name too long"),
        ("pipe", os.mkfifo, "No such device or address"),
        ("loop", lambda path: path.symlink_to(path), "Too many levels of symbolic"),
    ],
    ids=["folder", "nowhere", "long", "pipe", "loop"],
)
def test_what_cannot_be_written_is_one_line(
    name: str, make: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    make(path)
    with pytest.raises(SetUpError) as refused:
        write_text(path, "text")
    assert str(refused.value).startswith(f"{path}: {said}")
    assert "\n" not in str(refused.value)


def test_a_full_disk_is_one_line() -> None:
    with pytest.raises(SetUpError, match="/dev/full: No space left on device"):
        write_text(Path("/dev/full"), "text")


def test_a_file_holds_the_text_and_nothing_of_an_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    for text in ("许可证 long", "short"):
        write_text(path, text)
        assert path.read_text("utf-8") == text
