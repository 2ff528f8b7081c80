"""What an inbound text asks for: no more messages, or messages again.

The English words are those Twilio acts on by itself (its error page 30004 and the
Advanced Opt-Out page); the Chinese ones are the usual ways out of commercial texts,
which 通信短信息服务管理规定 (2015) obliges senders to offer.
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
_WAY_OUT = re.compile(r"拒收|退订|取消|停止|\b(?:opt[ -]?out|unsubscribe|stop)\b")
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
"""The words of `Inbound.opt_out` that we know; the provider has answered help."""


def read_intent(
    body: str, provider_intent: str | None, last_text: str | None
) -> OptOutIntent | None:
    """What a text asks for; `last` is our own text that it may answer.

    Where the provider has read it (`opt_out`), its reading counts: its keywords may be
    other ones. A reading that nobody knows counts for nothing.
    """
    if provider_intent is not None and provider_intent in PROVIDER_INTENTS:
        return PROVIDER_INTENTS[provider_intent]
    return match_keyword(body, find_opt_out_letters(last_text or ""))


def match_keyword(body: str, offered: Collection[str] = ()) -> OptOutIntent | None:
    """Read the wish of a whole body: "Stop." is one, "stop please" is not.

    Width, case, blanks and punctuation make no difference. A lone T, N or R counts
    only where the text being answered offered just that letter (see `offers`).
    """
    word = _normalize(body)
    if word in _STOP or word in _LETTERS.intersection(offered):
        return "stop"
    return "start" if word in _START else None


def find_opt_out_letters(body: str) -> frozenset[str]:
    """The single letters that a text of ours offers as a way out, in lower case.

    Of "拒收请回复R", "回T/N退订" and "Reply R to opt out": a letter to reply with, in
    a sentence that says what for. "Reply R to confirm" offers none.
    """
    plain = unicodedata.normalize("NFKC", body).casefold()
    ways_out = [one for one in _SENTENCE.split(plain) if _WAY_OUT.search(one)]
    words = {
        word
        for sentence in ways_out
        for offer in _OFFER.findall(sentence)
        for word in re.findall("[a-z]+", offer)
    }
    return _LETTERS & words


def _normalize(body: str) -> str:
    kept = (one for one in unicodedata.normalize("NFKC", body) if one.isalnum())
    return "".join(kept).casefold()
