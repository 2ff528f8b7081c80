"""The printed texts, which people read, are those that the service would send."""

import re
from itertools import pairwise

import pytest

from tests.templates.restaurant import AFTER
from tools.print_texts import load_law, print_texts

LINES = list(print_texts(load_law()))
TEXTS = [line for line in LINES if line.startswith("[")]


def test_every_type_that_reminds_has_its_texts_in_both_languages() -> None:
    law = load_law()
    types = {line.split()[1] for line in LINES if line.startswith("\n## ")}
    assert types == {code for code, rule in law.rules.items() if rule.never is None}
    assert LINES[-1] == f"\n{len(TEXTS)} texts"
    for line, following in pairwise(LINES):
        assert not (line.startswith("\n##") and not following.startswith("["))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_text_takes_more_than_two_segments(language: str) -> None:
    alphabet = {"zh": "UCS-2", "en": "GSM-7"}[language]
    heads = {line.split("]")[0] for line in TEXTS if f", {language}," in line}
    sizes = {head.rsplit(", ", 1)[1] for head in heads}
    assert sizes <= {f"1 × {alphabet}", f"2 × {alphabet}"}


def test_a_text_names_a_day_to_apply_by_unless_it_says_to_call() -> None:
    for line in TEXTS:
        if not line.startswith(tuple(f"[{name}" for name in AFTER)):
            assert re.search("建议最迟|建议不晚于|we advise", line), line


def test_no_provisional_text_names_a_day_as_the_last_included() -> None:
    unsure = [line for line in TEXTS if ", provisional," in line]
    assert unsure
    for line in unsure:
        assert "含当日" not in line
        assert "inclusive" not in line


@pytest.mark.parametrize(
    ("language", "slip"),
    [
        ("en", r"(?i)\b(\w+) \1\b"),  # a word twice
        ("en", r"\b(?i:a) [aeio]|\b(?i:an) [^aeiou]"),
        ("en", r"  |\) \(|[,.;:]{2}| [,.;:]"),
        ("zh", r"[，。；：、]{2}| |[\u4e00-\u9fff][,.;:()]"),
        ("zh", r"申请：.*（含当日）申请"),  # said already, before the permits
    ],
)
def test_no_text_has_a_slip_that_an_editor_mends(language: str, slip: str) -> None:
    texts = [line.split("] ", 1)[1] for line in TEXTS if f", {language}," in line]
    assert [text for text in texts if re.search(slip, text)] == []
