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
        *("STOP", "stop", " Stop. ", "ＳＴＯＰ", "“stop”", "S.T.O.P", "STOP 🛑"),
        *(
            "STOPALL",
            "stop all",
            "OPTOUT",
            "opt-out",
            "Opt Out",
            "UNSUBSCRIBE",
            "END",
            "QUIT",
        ),
        *("CANCEL", "REVOKE", "REMOVE", "unsub", "STOP STOP", "STOP!!!"),
        *("STOP??", "stop?!", "STOP!?", "退订？？", "Stop??? Please!"),
        *("ARRET", "Arrêt", "ARRÊTÉ !", "Arrett", "ALTO", "¡Alto!"),
        *("TD", "td", "退订", "退订。", "TD退订", "退订TD", "【退订】"),
        *(
            "取消",
            "停止",
            "拒收",
            "取消订阅",
            "退訂",
            "TD退訂",
            "取消訂閱",
            "退\u200b订",
        ),
    ],
)
def test_a_whole_body_that_says_stop_stops(body: str) -> None:
    assert match_keyword(body) == "stop"


@pytest.mark.parametrize(
    "body",
    [
        *("stop please", "Please, STOP!", "Pls stop. Thx", "Stop. Thank you"),
        *("请退订", "麻烦退订，谢谢", "請取消訂閱"),
        *("STOP\n\nSent from my phone", "退订\n发自我的手机", "TD\r\nSent from Mail"),
    ],
)
def test_polite_words_and_the_signature_of_a_phone_change_nothing(body: str) -> None:
    assert match_keyword(body) == "stop"


@pytest.mark.parametrize("filler", ["\n", "\r\n", "\n ", "\u2028", "please", "stop"])
def test_a_text_of_any_length_is_read_at_once(filler: str) -> None:
    """Time that grew with the square of the length would outlast the time-out."""
    assert match_keyword(f"stop{100_000 * filler}x", "tnr") is None


@pytest.mark.parametrize(
    "body",
    [
        *("Reply STOP", "reply “STOP”.", "Text STOP to opt out", "reply with stop"),
        *("To stop, reply STOP", "回复TD", "回复TD退订", "复TD", "回覆退訂", "发送TD"),
    ],
)
def test_an_answer_that_repeats_the_instruction_stops(body: str) -> None:
    assert match_keyword(body) == "stop"


@pytest.mark.parametrize(
    "body",
    [
        *("stop texting me", "Stop sending", "please stop sending text reminders"),
        *("Stop these texts please", "cancel all messages", "No more texts!"),
        *("Don’t text me again", "do not contact me anymore", "please opt me out"),
        *("I want to opt out", "I'd like to unsubscribe", "Remove me from this list"),
        *(
            "我要退订",
            "我想退訂",
            "帮我取消订阅短信",
            "停止发送短信",
            "停止發送",
            "拒收短信",
        ),
        *("取消提醒", "不要再发了", "别再给我发短信了", "請勿再發"),
    ],
)
def test_a_plain_request_stops(body: str) -> None:
    assert match_keyword(body) == "stop"


@pytest.mark.parametrize("body", ["START", "yes!", "UNSTOP", "恢复", "恢復", "開啟"])
def test_a_whole_body_that_says_start_starts_again(body: str) -> None:
    assert match_keyword(body) == "start"


@pytest.mark.parametrize(
    "body",
    [
        *("stop it", "Stop it?", "stop this", "", " ", "🙂", "no", "please", "谢谢"),
        *("HELP", "help", "INFO", "ｉｎｆｏ", "帮助", "wrong number"),
        "Count me in! We have got to STOP this",
        *("Don't stop", "please don't stop texting me", "不取消", "不要取消", "别取消"),
        *("取消退订", "stop opt out", "取消了", "不要停止提醒"),
        *(
            "我要退订吗",
            "How do I stop?",
            "Can I opt out?",
            "stop texting me?",
            "怎么退订",
        ),
        *(
            "I want to cancel",
            "cancel my permit",
            "Quit my job",
            "停止营业",
            "取消预约",
        ),
        *(
            "Stop?",
            "STOP ?",
            "取消?",
            "取消？",
            "¿Alto?",
            "R?",
            "Reply STOP?",
            "STOP❓",
        ),
        *("stop? please", "stop texting me??", "START?", "yes??", "恢复？"),
        *("start please", "please unstop", "yes please"),
        *("Sent from my phone", "Reply", "回复", "R是什么意思", "Right", "T1"),
    ],
)
def test_anything_more_than_a_request_has_no_intent(body: str) -> None:
    assert match_keyword(body, "tnr") is None


@pytest.mark.parametrize(
    ("body", "letter"),
    [
        *(
            ("T", "t"),
            ("n", "n"),
            ("Ｒ", "r"),
            (" r。", "r"),
            ("“R”", "r"),
            ("(R)", "r"),
        ),
        *(("R R", "r"), ("R please", "r"), ("R, thanks", "r"), ("R退订", "r")),
        *(("Reply R", "r"), ('reply "r".', "r"), ("Text N to stop", "n")),
        *(("R to opt out", "r"), ("Reply R to opt out.", "r"), ("send T", "t")),
        *(
            ("回复R", "r"),
            ("回 T", "t"),
            ("回覆R", "r"),
            ("发送「N」", "n"),
            ("回T退订", "t"),
        ),
        *(("拒收请回复R", "r"), ("R\nSent from my phone", "r")),
    ],
)
def test_single_letters_count_only_if_our_text_offered_them(
    body: str, letter: str
) -> None:
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
        *(("退訂請回覆R", "r"), ("拒收請發送T", "t")),
        *(("退订请回复（Ｒ）", "r"), ("如需退订，请回 N", "n")),
        ("Text “N” or 'T' to unsubscribe", "nt"),
        ("Reply STOP or R to opt out", "r"),
        *(("回复TD退订", ""), ("拒收请回复STOP", ""), ("Reply STOP to opt out", "")),
        ("Reply R to confirm. Text STOP to opt out", ""),
        ("Reply R to renew, or STOP to opt out.", ""),
        ("Reply R to renew or STOP to opt out", ""),
        ("Reply STOP to opt out, or reply R to renew", ""),
        ("To renew reply R, to opt out reply STOP", ""),
        ("To opt out reply STOP, to renew reply R", ""),
        ("To opt out, text R to 12345", "r"),
        ("Text R to 12345 to opt out", "r"),
        ("Reply R at any time to stop reminders", "r"),
        ("Reply R for an appointment, T for help or STOP to opt out", ""),
        ("Nonstop service: reply R", ""),
        *(("回复R续期，退订回T", "t"), ("回复R续期，回复T退订", "t")),
        *(("退订回T，续期回R", "t"), ("续期请回复R，拒收请回复T", "t")),
        *(
            ("回复R即可退订", "r"),
            ("拒收请回复R谢谢", "r"),
            ("退订请回复R至12345", "r"),
        ),
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
