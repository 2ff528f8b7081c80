import re
from typing import get_args

import pytest

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_authorities
from service.domain.law.rule import Language
from service.domain.messages.keywords import (
    find_opt_out_letters,
    match_keyword,
    read_intent,
)
from service.settings import shipped_folder

LANGUAGES = get_args(Language)
WORD = re.compile("[A-Z]+")
EXAMPLES = read_authorities(
    shipped_folder("examples") / "authorities.toml", calendars=calendars()
)


@pytest.mark.parametrize(
    "body",
    [
        *(
            "STOP",
            "stop",
            " Stop. ",
            "ＳＴＯＰ",
            "“stop”",
            "STOPALL",
            "opt-out",
            "Opt Out",
        ),
        *("UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE"),
        *(
            "TD",
            "td",
            "退订",
            "退订。",
            "TD退订",
            "退订TD",
            "【退订】",
            "取消",
            "停止",
            "拒收",
        ),
    ],
)
def test_a_whole_body_that_says_stop_stops(body: str) -> None:
    assert match_keyword(body) == "stop"


@pytest.mark.parametrize("body", ["START", "yes!", "UNSTOP", "恢复", "开启"])
def test_a_whole_body_that_says_start_starts_again(body: str) -> None:
    assert match_keyword(body) == "start"


@pytest.mark.parametrize(
    "body",
    [
        *("Stop please", "我要退订吗", "stop it", "", " ", "🙂", "不取消", "no"),
        *("HELP", "help", "INFO", "ｉｎｆｏ", "帮助"),
    ],
)
def test_anything_more_than_the_keyword_has_no_intent(body: str) -> None:
    assert match_keyword(body, "tnr") is None


@pytest.mark.parametrize("body", ["T", "n", "Ｒ", " r。"])
def test_single_letters_count_only_if_our_text_offered_them(body: str) -> None:
    letter = body.strip(" 。").replace("Ｒ", "r").lower()
    assert match_keyword(body, letter) == "stop"
    assert match_keyword(body, set("tnr") - {letter}) is None
    assert match_keyword(body) is None


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("提醒免费，咨询12345，拒收请回复R", "r"),
        ("拒收请回复：R", "r"),
        ("退订请回复: T", "t"),
        ("拒收请发送R", "r"),
        ("Reply R to opt-out", "r"),
        ("Opt out: text N", "n"),
        ("Free notice. Help 12345. Reply R to opt out.", "r"),
        *(("回T退订", "t"), ("回T/N退订", "tn"), ("回复T或TD退订", "t")),
        *(("退订请回复（Ｒ）", "r"), ("如需退订，请回 N", "n")),
        ("Text “N” or 'T' to unsubscribe", "nt"),
        ("Reply STOP or R to opt out", "r"),
        *(("回复TD退订", ""), ("拒收请回复STOP", ""), ("Reply STOP to opt out", "")),
        ("Reply R to confirm. Text STOP to opt out", ""),
        ("回复N表示不再续办。退订回T", "t"),
        ("Reply Right now to stop this", ""),
        *(("R", ""), ("", ""), ("拒收R", "")),
    ],
)
def test_a_letter_is_offered_only_in_a_sentence_about_opting_out(
    text: str, letters: str
) -> None:
    assert find_opt_out_letters(text) == set(letters)


@pytest.mark.parametrize("office", ["990000", "us-nyc"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_opt_out_words_of_the_example_offices_are_understood(
    office: str, language: Language
) -> None:
    words = EXAMPLES[office].opt_out.in_language(language)
    offered_letters = find_opt_out_letters(words) or {
        word for word in WORD.findall(words) if match_keyword(word)
    }
    assert offered_letters in ({"r"}, {"STOP"})


@pytest.mark.parametrize(
    ("body", "opt_out", "meant"),
    [
        *(("STOP", None, "stop"), ("start", None, "start"), ("HELP", None, None)),
        *(("别烦我", "stop", "stop"), ("again", "start", "start")),
        *(("stop", "help", None), ("stop", "start", "start")),
        *(("STOP", "PAUSE", "stop"), ("bye", "PAUSE", None)),
    ],
)
def test_the_provider_s_keyword_counts_if_it_is_known(
    body: str, opt_out: str | None, meant: str | None
) -> None:
    assert read_intent(body, opt_out, None) == meant


def test_a_letter_answers_the_text_before_it() -> None:
    assert read_intent("R", None, "拒收请回复R") == "stop"
    assert read_intent("R", None, "拒收请回复T") is None
    assert read_intent("R", None, None) is None
