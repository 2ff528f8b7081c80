"""Checks of a text to a holder: what it must say, and what it must not.

Each check takes one rendering of a template (see `trial_render`) and yields what is
wrong with it: what was found, and what was expected.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Final

from service.domain.law.rule import Language
from service.domain.messages.keywords import find_opt_out_letters
from service.domain.messages.segments import characters_outside_gsm7
from service.domain.templates.trial_render import MarkedText, marker_for
from service.domain.untrusted.text import show_value

TextFinding = tuple[str, str]
TextCheck = Callable[[MarkedText], Iterator[TextFinding]]

PERMIT_FACTS: Final[Mapping[str, str]] = {
    "certificate": "which certificate, as it is printed",
    "expires_on": "when it expires",
}
"""Facts that identify a permit, each with its meaning."""

OFFICE_FACTS: Final[Mapping[str, str]] = {
    "helpline": "whom to call",
    "opt_out": "how to stop these texts",
}
"""Facts that tell a holder whom to answer, each with its meaning."""

CONTACT_FACTS: Final[Mapping[str, str]] = {
    "apply_at": "where to apply",
    **OFFICE_FACTS,
}
"""Facts that tell a holder where to turn, each with its meaning."""

_FREE: Final[Mapping[Language, str]] = {"zh": "免费", "en": "free"}
_INCLUSIVE: Final[Mapping[Language, str]] = {"zh": "（含当日）", "en": "(inclusive)"}
_ADVICE: Final[Mapping[Language, str]] = {"zh": "建议最迟", "en": "advise"}
_NOT_LATER: Final = "建议不晚于"
_ADVISED: Final[Mapping[Language, str]] = {
    "zh": "建议最迟{{ closes_on }}（含当日）",
    "en": "advise … {{ closes_on }} (inclusive)",
}

_DEADLINE: Final = re.compile(r"截止|最后期限|不予受理|\bdeadlines?\b", re.IGNORECASE)
_LINK: Final = re.compile(
    # Labels of at most 63 (RFC 1035), and few: else a search takes quadratic time.
    r"://|\bwww\.|(?a:[\w-]{1,63}[.。]){1,9}[a-z]{2,}(?![a-z0-9-])|"
    r"[^\W\d]\.[\u4e00-\u9fff]{2,}|点击|扫码|二维码",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"\d(?:(?:[ ()-]{0,2}|\.)\d){4,}")
_PAYMENT: Final = re.compile(
    r"缴\s*费|缴纳|交\s*费|交钱|付\s*费|付款|支付|转账|汇款|收款|收费|费用|充值|手续费|"
    r"工本费|罚款|银行|账户|账号|[¥$€£]\s*\d|\d\s*元|"
    r"\b(?:pay(?:s|ing|ments?|able)?|paid|fees?|bank|transfers?|deposits?|invoices?)\b",
    re.IGNORECASE,
)
_URGING: Final = re.compile(
    r"尽快|尽早|及早|提早|越早越好|从速|抓紧|马上|立即|立刻|"
    r"\b(?:soon|early|earlier|at once|immediately|promptly|without delay)\b|"
    r"(?<!\bcan )(?<!\bcan apply )\bnow\b",  # "you can apply now" states a fact
    re.IGNORECASE,
)


def require_facts(*facts: Mapping[str, str]) -> TextCheck:
    """Make a check that finds which of these facts a text does not mention."""

    def check_facts(text: MarkedText) -> Iterator[TextFinding]:
        for fact, meaning in chain.from_iterable(one.items() for one in facts):
            if not text.mentions(fact):
                yield f"no {{{{ {fact} }}}}", f"{{{{ {fact} }}}}: {meaning}"

    return check_facts


def check_signature(text: MarkedText) -> Iterator[TextFinding]:
    """Find a text that does not begin with the office's signature."""
    zh = text.language == "zh"
    opening = marker_for("signature")
    if not text.text.startswith(f"【{opening}】" if zh else opening):
        wanted = "【{{ signature }}】" if zh else "{{ signature }}"
        yield "another opening", f"{wanted} at the very beginning"


def check_free(text: MarkedText) -> Iterator[TextFinding]:
    """Find a text that does not say that it is free."""
    word = _FREE[text.language]
    if word not in text.own_words.lower():
        yield f"no {word!r}", f"that the reminder is free: {word!r}"


def check_optional_facts(text: MarkedText) -> Iterator[TextFinding]:
    """Find a fact that is mentioned although it may be missing."""
    for fact in sorted(filter(text.mentions, text.missing_facts)):
        yield f"{{{{ {fact} }}}}", f"it only inside {{% if {fact} %}}"


def check_advice(text: MarkedText) -> Iterator[TextFinding]:
    """Find a closing that is not worded as advice, or not as the last day included."""
    before, closing, _ = text.text.partition(_inclusive_closing(text))
    clause = re.split(r"[。；.;]", before)[-1].lower()
    advised = bool(closing) and _ADVICE[text.language] in clause
    yield from _check_closing(text, advised=advised, expected=_ADVISED[text.language])


def check_inclusive_day(text: MarkedText) -> Iterator[TextFinding]:
    """Find a closing in a digest item that is not worded as the last day included."""
    wanted = _ADVISED["zh"] if text.language == "zh" else "{{ closes_on }} (inclusive)"
    yield from _check_closing(
        text, advised=_inclusive_closing(text) in text.text, expected=wanted
    )


def check_english_advice(text: MarkedText) -> Iterator[TextFinding]:
    """Find an English digest that does not say that its days are advice."""
    word = _ADVICE["en"]
    if text.language == "en" and word not in text.own_words.lower():
        yield f"no {word!r}", f"{word!r}: the days are advice, no cut-off"


def check_no_closing(text: MarkedText) -> Iterator[TextFinding]:
    """Find a text sent after the closing that still names the closing day."""
    if text.mentions("closes_on"):
        yield "{{ closes_on }}", "nothing of that day, for it is past"


def check_no_urging(text: MarkedText) -> Iterator[TextFinding]:
    """Find urging to file early, which may cost the holder part of the old term."""
    if found := _URGING.search(text.own_words):
        yield show_value(found[0]), "no urging: filing early may shorten the old term"


def check_wording(text: MarkedText) -> Iterator[TextFinding]:
    """Find words, numbers and reply letters that no text may contain."""
    yield from find_forbidden_words(text.own_words)
    if found := _NUMBER.search(text.own_words):
        yield (
            show_value(found[0]),
            "no number of its own: {{ helpline }} is whom to call",
        )
    for letter in sorted(find_opt_out_letters(text.own_words)):
        way_out = "no letter of its own to reply with: {{ opt_out }} is how to stop"
        yield show_value(letter.upper()), way_out


def find_forbidden_words(words: str) -> Iterator[TextFinding]:
    """Find deadlines, links and payments in `words`, which are normalised by NFKC."""
    for pattern, expected in (
        (_DEADLINE, "advice: no clerk refuses an application because of a text"),
        (_LINK, "no link"),
        (_PAYMENT, "nothing about payment: a reminder asks for no money"),
    ):
        if found := pattern.search(words):
            yield show_value(found[0]), expected


def check_gsm7(text: MarkedText) -> Iterator[TextFinding]:
    """Find characters that force an English text into UCS-2, which doubles its cost."""
    forced = characters_outside_gsm7(text.joined_words) if text.language == "en" else ()
    if forced:
        yield " ".join(forced), "characters of GSM-7: each of these forces UCS-2"


def _check_closing(
    text: MarkedText, *, advised: bool, expected: str
) -> Iterator[TextFinding]:
    """Find what is wrong with a closing; `advised`: the exact day is worded as advice.

    A provisional closing is a round day before the real one: nothing ends with it, so
    it is not worded as the last day included.
    """
    inclusive, provisional = (
        _INCLUSIVE[text.language],
        "provisional" in text.present_facts,
    )
    if not text.mentions("closes_on"):
        yield "no {{ closes_on }}", "{{ closes_on }}: the last safe day"
    elif provisional and inclusive in text.text:
        yield inclusive, "no such word where the day is not sure: {% if provisional %}"
    elif not (provisional or advised):
        yield "the day in other words", expected
    advice = (
        _NOT_LATER if provisional and _NOT_LATER in text.own_words else _ADVICE["zh"]
    )
    if text.language == "zh" and advice not in text.own_words:
        yield f"no {_ADVICE['zh']}", f"{_ADVICE['zh']}: it is advice, no cut-off"


def _inclusive_closing(text: MarkedText) -> str:
    gap = "" if text.language == "zh" else " "
    return f"{marker_for('closes_on')}{gap}{_INCLUSIVE[text.language]}"
