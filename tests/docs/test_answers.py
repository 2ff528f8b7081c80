"""docs/answers.md: what it says of each text is how that text is read."""

import re
from collections.abc import Sequence

import pytest

from service.domain.messages.keywords import (
    START_WORDS,
    STOP_WORDS,
    match_keyword,
)
from tests.docs.pages import ROOT, named, rows

PAGE = (ROOT / "docs/answers.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE))


def first_cells(section: str) -> list[str]:
    """The texts in the first column of a section's table."""
    return [text for row in rows(SECTIONS[section]) for text in named(row[0])]


def compared(texts: Sequence[str]) -> set[str]:
    """The texts as they are compared: without blanks and case."""
    return {text.replace(" ", "").lower() for text in texts}


def test_every_word_that_stops_is_listed_and_no_other() -> None:
    assert compared(first_cells("Words that stop")) == set(STOP_WORDS)


def test_every_word_that_starts_again_is_listed() -> None:
    listed = compared(named(SECTIONS["Words that start again"]))
    assert listed == set(START_WORDS)


@pytest.mark.parametrize(
    "text",
    [
        *first_cells("Words that stop"),
        *first_cells("Requests in more words"),
        *named(SECTIONS["Words that stop"].rpartition("repeats our instruction:")[2]),
    ],
)
def test_what_is_listed_as_a_stop_stops(text: str) -> None:
    assert match_keyword(text) == "stop"


@pytest.mark.parametrize("text", first_cells("What is no stop"))
def test_what_is_listed_as_no_stop_asks_for_nothing(text: str) -> None:
    assert match_keyword(text, "tnr") is None


@pytest.mark.parametrize(
    "text", named(SECTIONS["The letter of our own text"].partition("Then ")[2])
)
def test_what_repeats_the_letter_of_our_text_stops(text: str) -> None:
    assert match_keyword(text, "r") == "stop"
    assert match_keyword(text) is None
