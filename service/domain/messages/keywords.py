"""What an inbound text asks for: to stop messages, or to start them again.

The English words are those on which Twilio itself acts (its error page 30004 and the
Advanced Opt-Out page). The Chinese words are the usual opt-outs of commercial texts,
which 通信短信息服务管理规定 (2015) requires senders to offer.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Final, Literal

OptOutIntent = Literal["stop", "start"]

_STOP = {"stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout"}
_STOP |= {"td", "退订", "td退订", "退订td", "取消", "停止", "拒收"}
_START = {"start", "unstop", "yes", "恢复", "开启"}
_LETTERS = frozenset("tnr")

_SENTENCE = re.compile(r"[。.!?;\n]+")
_OPT_OUT = re.compile(r"拒收|退订|取消|停止|\b(?:opt[ -]?out|unsubscribe|stop)\b")
_QUOTES = r"[\s:\"'“”‘’「」『』【】\[\]()]*"
_OFFER = re.compile(
    r"(?:回复?|发送?|\b(?:reply|text|send|answer)(?: with)?)"
    rf"{_QUOTES}([a-z]+(?:{_QUOTES}(?:/|、|,|或者?|\bor\b){_QUOTES}[a-z]+)*)(?![a-z])"
)

PROVIDER_INTENTS: Final[Mapping[str, OptOutIntent | None]] = {
    "stop": "stop",
    "start": "start",
    "help": None,
}
"""The known keywords of `Inbound.opt_out`. The provider itself answers "help"."""


def read_intent(
    body: str, provider_intent: str | None, last_text: str | None
) -> OptOutIntent | None:
    """What an inbound text asks for; None if neither.

    `provider_intent` is the provider's own keyword, which decides if it is known: the
    provider may have other keywords. `last_text` is our own latest text to the phone,
    which this one may answer.
    """
    if provider_intent is not None and provider_intent in PROVIDER_INTENTS:
        return PROVIDER_INTENTS[provider_intent]
    return match_keyword(body, find_opt_out_letters(last_text or ""))


def match_keyword(body: str, offered: Collection[str] = ()) -> OptOutIntent | None:
    """Match a whole body with the keywords: "Stop." matches, "stop please" does not.

    Width, case, blanks and punctuation make no difference. A single T, N or R matches
    only if it is in `offered` (see `find_opt_out_letters`).
    """
    word = _normalize(body)
    if word in _STOP or word in _LETTERS.intersection(offered):
        return "stop"
    return "start" if word in _START else None


def find_opt_out_letters(body: str) -> frozenset[str]:
    """The single letters that our text offers as a reply to opt out, in lower case.

    For example in "拒收请回复R", "回T/N退订" and "Reply R to opt out". "Reply R to
    confirm" offers none.
    """
    plain = unicodedata.normalize("NFKC", body).casefold()
    sentences = [one for one in _SENTENCE.split(plain) if _OPT_OUT.search(one)]
    words = {
        word
        for sentence in sentences
        for offer in _OFFER.findall(sentence)
        for word in re.findall("[a-z]+", offer)
    }
    return _LETTERS & words


def _normalize(body: str) -> str:
    plain = unicodedata.normalize("NFKC", body)
    return "".join(filter(str.isalnum, plain)).casefold()
