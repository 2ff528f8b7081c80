from datetime import date
from pathlib import Path

import pytest

from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.errors import InvalidError, SetUpError, UnknownError
from service.domain.messages.facts import Facts

FACTS = Facts(
    language="en",
    signature="PROV-AMR",
    addressee="Your",
    certificate="food business licence",
    action="renew",
    tail="2345",
    expires_on=date(2026, 10, 20),
    closes_on=date(2026, 9, 21),
    opens_on=None,
    provisional=False,
    late=None,
    apply_at="the online portal",
    helpline="12345",
    opt_out="Reply R to opt out",
)


def folder(path: Path, **files: str) -> Path:
    (path / "sms").mkdir()
    for name, source in files.items():
        stem, language = name.rsplit("_", 1)
        (path / "sms" / f"{stem}.{language}.txt").write_text(source, encoding="utf-8")
    return path


def test_lines_of_a_template_become_one_sentence(tmp_path: Path) -> None:
    source = "\nUntil {{ closes_on }}\n{% if late %}\nnever\n{% endif %}\n, thanks\n.\n"
    words = JinjaTemplateLibrary(folder(tmp_path, a_en=source, a_zh="好"))
    assert words.render_sms("a", FACTS) == "Until 21 Sep 2026, thanks."


def test_an_unknown_template_is_named_with_those_that_are_known(
    tmp_path: Path,
) -> None:
    words = JinjaTemplateLibrary(folder(tmp_path, a_zh="好", a_en="ok"))
    with pytest.raises(UnknownError, match=r"unknown template '\.\./sms/a'; known: a$"):
        words.render_sms("../sms/a", FACTS)


def test_a_template_in_one_language_only_is_not_offered(tmp_path: Path) -> None:
    words = JinjaTemplateLibrary(
        folder(tmp_path, both_zh="好", both_en="ok", half_zh="好")
    )
    assert words.step_templates() == {"both"}
    with pytest.raises(UnknownError):
        words.render_sms("half", FACTS)


def test_a_template_may_use_only_facts_and_all_mistakes_are_named_together(
    tmp_path: Path,
) -> None:
    wrong = folder(tmp_path, a_zh="{{ phone }}", a_en="{{ tail }}\n{% if %}")
    with pytest.raises(InvalidError) as caught:
        JinjaTemplateLibrary(wrong)
    first, second = caught.value.mistakes
    assert (first.field, first.found) == ("sms/a.zh.txt line 1", "{{ phone }}")
    assert "helpline" in first.expected
    assert second.field == "sms/a.en.txt line 2"
    assert second.expected == "a Jinja2 template"


def test_a_template_of_the_folder_may_hold_no_more_than_a_saved_one(
    tmp_path: Path,
) -> None:
    with pytest.raises(InvalidError, match=r"sms/a\.en\.txt line 1: found getattr"):
        JinjaTemplateLibrary(folder(tmp_path, a_en="{{ tail.__class__ }}", a_zh="好"))


async def test_without_an_office_the_templates_are_those_of_the_folder(
    tmp_path: Path,
) -> None:
    words = JinjaTemplateLibrary(folder(tmp_path, a_zh="好", a_en="ok"))
    assert await words.current("any digest") is words
    assert words.version_of("a", "en") == 0


def test_a_folder_without_templates_is_the_wrong_folder(tmp_path: Path) -> None:
    with pytest.raises(SetUpError, match="name the right folder"):
        JinjaTemplateLibrary(tmp_path)
