from functools import partial
from pathlib import Path

import pytest

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_authorities, read_rules
from service.domain.errors import InvalidError, SetUpError

SHIPPED = Path(__file__).parents[3] / "schedules/cn/food-production-license.toml"
TEMPLATES = ("renewal-prepare", "renewal-last-call")

read = partial(read_rules, templates=TEMPLATES, calendars=calendars())


def copy(to: Path, old: str = "", new: str = "") -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    words = SHIPPED.read_text(encoding="utf-8")
    to.write_text(words.replace(old, new) if old else words, encoding="utf-8")


def test_files_in_folders_below_are_read(tmp_path: Path) -> None:
    copy(tmp_path / "cn/food.toml")
    assert list(read(tmp_path)) == ["cn-food-production-license"]


def test_the_mistakes_of_all_files_come_together(tmp_path: Path) -> None:
    copy(tmp_path / "cn/a.toml", "30 working days", "30 days")
    copy(tmp_path / "cn/b.toml", '"organization"', '"company"')
    (tmp_path / "c.toml").write_text("code = \n", encoding="utf-8")
    with pytest.raises(InvalidError) as refusal:
        read(tmp_path)
    assert refusal.value.where == str(tmp_path)
    assert [(mistake.file, mistake.field) for mistake in refusal.value.mistakes] == [
        ("c.toml", "file"),
        ("cn/a.toml", "versions[2].closes"),
        ("cn/a.toml", "versions[3].closes"),
        ("cn/b.toml", "holder"),
    ]
    assert "line 1" in refusal.value.mistakes[0].found
    lines = [line.partition(": found")[0] for line in str(refusal.value).splitlines()]
    assert lines == [
        f"{tmp_path}:",
        "  c.toml:",
        "    file",
        "  cn/a.toml:",
        "    versions[2].closes",
        "    versions[3].closes",
        "  cn/b.toml:",
        "    holder",
    ]


def test_a_mistake_of_a_single_file_names_it_once(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    copy(file, '"organization"', '"company"')
    with pytest.raises(InvalidError) as refusal:
        read(file)
    assert str(refusal.value).startswith(f"{file}: holder: found ")


def test_a_code_in_two_files_is_a_mistake(tmp_path: Path) -> None:
    copy(tmp_path / "a.toml")
    copy(tmp_path / "b.toml")
    with pytest.raises(
        InvalidError, match=r"b\.toml: code: found cn-food-production-l"
    ):
        read(tmp_path)


def test_a_file_from_a_windows_editor_is_read(tmp_path: Path) -> None:
    words = SHIPPED.read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / "food.toml").write_bytes(b"\xef\xbb\xbf" + words)
    assert list(read(tmp_path)) == ["cn-food-production-license"]


def test_a_file_that_is_not_utf_8_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "gbk.toml").write_bytes('name = "许可"'.encode("gbk"))
    with pytest.raises(
        InvalidError, match=r"gbk\.toml: file: .*expected TOML in UTF-8"
    ):
        read(tmp_path)


def test_an_empty_folder_is_not_a_set_of_rules(tmp_path: Path) -> None:
    with pytest.raises(SetUpError, match="no rule files"):
        read(tmp_path)


def test_a_missing_authority_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SetUpError, match="No such file or directory; name a"):
        read_authorities(tmp_path / "none.toml", calendars=("CN",))
