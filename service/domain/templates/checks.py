"""What a text to a holder must say and must not, one check each.

A check looks at one text of a template with its marks and gives what is wrong with it:
what was found, and what was expected.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Final

from service.domain.formats.raw import shown
from service.domain.law.rule import Language
from service.domain.messages.keywords import offers
from service.domain.messages.segments import forcing
from service.domain.templates.trial_render import Marked, mark

Finding = tuple[str, str]
Check = Callable[[Marked], Iterator[Finding]]

WHICH: Final[Mapping[str, str]] = {
    "certificate": "which certificate, as it is printed",
    "expires_on": "when it expires",
}
"""Facts that tell a permit, and what they say."""

TURN: Final[Mapping[str, str]] = {
    "apply_at": "where to apply",
    "helpline": "whom to call",
    "opt_out": "how to stop these texts",
}
"""Facts that tell a holder where to turn, and what they say."""

_FREE: Final[Mapping[Language, str]] = {"zh": "免费", "en": "free"}
_INCLUSIVE: Final[Mapping[Language, str]] = {"zh": "（含当日）", "en": "(inclusive)"}
_ADVICE: Final[Mapping[Language, str]] = {"zh": "建议最迟", "en": "advise"}
_ADVISED: Final[Mapping[Language, str]] = {
    "zh": "建议最迟{{ closes_on }}（含当日）",
    "en": "advise … {{ closes_on }} (inclusive)",
}

_DEADLINE: Final = re.compile(r"截止|最后期限|不予受理|\bdeadlines?\b", re.IGNORECASE)
_LINK: Final = re.compile(
    r"://|\bwww\.|(?a:[\w-]+[.。])+[a-z]{2,}(?![a-z0-9-])|[^\W\d]\.[\u4e00-\u9fff]{2,}|"
    r"点击|扫码|二维码",
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
    r"\b(?:soon|early|earlier|now|at once|immediately|promptly|without delay)\b",
    re.IGNORECASE,
)


def naming(*wanted: Mapping[str, str]) -> Check:
    """Make the check that finds which of the facts wanted are missing."""

    def named(it: Marked) -> Iterator[Finding]:
        for fact, why in chain.from_iterable(one.items() for one in wanted):
            if not it.names(fact):
                yield f"no {{{{ {fact} }}}}", f"{{{{ {fact} }}}}: {why}"

    return named


def signed(it: Marked) -> Iterator[Finding]:
    """Find a text that does not open with whose it is, as its language has it."""
    zh = it.language == "zh"
    opening = mark("signature")
    if not it.text.startswith(f"【{opening}】" if zh else opening):
        wanted = "【{{ signature }}】" if zh else "{{ signature }}"
        yield "another opening", f"{wanted} at the very beginning"


def free(it: Marked) -> Iterator[Finding]:
    """Find a text that does not say that it costs nothing."""
    word = _FREE[it.language]
    if word not in it.own.lower():
        yield f"no {word!r}", f"that the reminder is free: {word!r}"


def lasting(it: Marked) -> Iterator[Finding]:
    """Find a fact that is said although there may be none."""
    for fact in sorted(filter(it.names, it.missing)):
        yield f"{{{{ {fact} }}}}", f"it only inside {{% if {fact} %}}"


def advises(it: Marked) -> Iterator[Finding]:
    """Find a closing that is not told as advice, its day included."""
    before, told, _ = it.text.partition(_included(it))
    clause = re.split(r"[。；.;]", before)[-1].lower()
    right = bool(told) and _ADVICE[it.language] in clause
    yield from _closing(it, right=right, wanted=_ADVISED[it.language])


def includes(it: Marked) -> Iterator[Finding]:
    """Find a closing whose day is not included, in a part of a text that advises it."""
    wanted = _ADVISED["zh"] if it.language == "zh" else "{{ closes_on }} (inclusive)"
    yield from _closing(it, right=_included(it) in it.text, wanted=wanted)


def advised(it: Marked) -> Iterator[Finding]:
    """Find an English text around such parts that does not say that it advises."""
    word = _ADVICE["en"]
    if it.language == "en" and word not in it.own.lower():
        yield f"no {word!r}", f"{word!r}: the days are advice, no cut-off"


def past(it: Marked) -> Iterator[Finding]:
    """Find a text for after the advised day that still names it."""
    if it.names("closes_on"):
        yield "{{ closes_on }}", "nothing of that day, for it is past"


def calm(it: Marked) -> Iterator[Finding]:
    """Find urging to file early, which may cost the holder part of the old term."""
    if found := _URGING.search(it.own):
        yield shown(found[0]), "no urging: filing early may shorten the old term"


def plain(it: Marked) -> Iterator[Finding]:
    """Find words that no text of a licensing office has."""
    yield from barred(it.own)
    if found := _NUMBER.search(it.own):
        yield shown(found[0]), "no number of its own: {{ helpline }} is whom to call"
    for letter in sorted(offers(it.own)):
        way_out = "no letter of its own to reply with: {{ opt_out }} is how to stop"
        yield shown(letter.upper()), way_out


def barred(words: str) -> Iterator[Finding]:
    """Find what no holder is told, in plain letters, wherever in a text it stands."""
    for pattern, expected in (
        (_DEADLINE, "advice: no clerk refuses an application because of a text"),
        (_LINK, "no link"),
        (_PAYMENT, "nothing about payment: a reminder asks for no money"),
    ):
        if found := pattern.search(words):
            yield shown(found[0]), expected


def spelt(it: Marked) -> Iterator[Finding]:
    """Find what forces an English text into UCS-2, so that it is billed twice."""
    forced = forcing(it.bare) if it.language == "en" else ()
    if forced:
        yield " ".join(forced), "characters of GSM-7: each of these forces UCS-2"


def _closing(it: Marked, *, right: bool, wanted: str) -> Iterator[Finding]:
    """Find what is wrong with a closing that is told `right`, or not.

    A provisional one is said as a third of a month, which includes nothing.
    """
    inclusive, provisional = _INCLUSIVE[it.language], "provisional" in it.given
    if not it.names("closes_on"):
        yield "no {{ closes_on }}", "{{ closes_on }}: the last safe day"
    elif provisional and inclusive in it.text:
        yield inclusive, "no such word where the day is not sure: {% if provisional %}"
    elif not (provisional or right):
        yield "the day told otherwise", wanted
    if it.language == "zh" and _ADVICE["zh"] not in it.own:
        yield f"no {_ADVICE['zh']}", f"{_ADVICE['zh']}: it is advice, no cut-off"


def _included(it: Marked) -> str:
    gap = "" if it.language == "zh" else " "
    return f"{mark('closes_on')}{gap}{_INCLUSIVE[it.language]}"
