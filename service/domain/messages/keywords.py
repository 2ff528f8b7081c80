"""What an inbound text asks for: to stop messages, or to start them again.

docs/answers.md lists the words with their sources; a test compares both. A text that
merely contains one of them, such as a question, asks for nothing here: people read it
in the inbox.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Final, Literal

OptOutIntent = Literal["stop", "start"]

STOP_WORDS: Final = (
    *("stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout"),
    *("remove", "unsub", "arret", "arrete", "arrett", "alto"),
    *("td", "退订", "td退订", "退订td", "取消", "停止", "拒收", "取消订阅"),
)
"""Each stops messages if it is a whole text; as `match_keyword` compares them."""

START_WORDS: Final = ("start", "unstop", "yes", "恢复", "开启")
"""Each starts messages again if it is a whole text."""

_LETTERS: Final = frozenset("tnr")

_POLITE: Final = r"(?:please|pls|plz|thankyou|thanks|thx|请|麻烦|谢谢)*"
_REPLY: Final = r"(?:回复?|复|发送?|(?:reply|text|send|answer)(?:with)?)"
_PURPOSE: Final = r"(?:(?:to)?(?:optout|unsubscribe|stop)|退订|拒收)"
_TEXTS: Final = (
    r"(?:(?:text|sms)?(?:texts?|sms|messages?|reminders?|notifications?|alerts?)"
    r"|(?:短信|简讯|信息|讯息|消息|提醒|通知)+)"
)
_REQUESTS: Final = (
    r"(?:i(?:wantto|wouldliketo|dliketo))?(?:unsubscribe|optout)(?:me)?",
    r"optmeout|(?:unsubscribe|remove)me(?:from(?:this|the|your)list)?",
    r"(?:stop|quit|end|cancel)(?:sending)?(?:me)?(?:all|the|these|this|your|any|more)*"
    + _TEXTS,
    r"stop(?:texting|messaging|sending|contacting)(?:me)?",
    r"(?:donot|dont)(?:text|message|contact)me(?:again|anymore)?|nomore" + _TEXTS,
    r"(?:我?要|我想要?|帮我)(?:退订|拒收|取消订阅)" + _TEXTS + "?",
    r"(?:退订|拒收|取消(?:订阅)?|停止(?:发送?|接收)?)" + _TEXTS,
    r"停止(?:发送?|接收)|(?:不要|别|勿)再?(?:给我)?发送?" + _TEXTS + "?了?",
)
"""Requests in more words than a keyword, without what `_normalize` removes."""

_FOLD: Final = str.maketrans(
    "訂閱復覆啟開發請謝煩幫簡訊別給", "订阅复复启开发请谢烦帮简讯别给"
)
"""The traditional characters of our words in their simplified form."""

_SIGNATURES: Final = ("sent from ", "发自", "發自")
"""How a line begins that some phones add below each text."""

_ASKS: Final = re.compile("[?？❓❔]")
_ONLY_ASKS: Final = re.compile("(?<![?？!！])[?？❓❔](?![?？!！])")
"""A single question mark: several, or one beside a !, shout."""

_SENTENCE_END: Final = re.compile(r"[。.!?;\n]+")
_OPT_OUT: Final = re.compile(
    r"拒收|退订|取消|停止|\b(?:opt[ -]?out|unsubscribe|stop)\b"
)
_QUOTES: Final = r"[\s:\"'“”‘’「」『』【】\[\]()]*"
_OFFER: Final = re.compile(
    r"(?:回复?|发送?|\b(?:reply|text|send|answer)(?: with)?)"
    rf"{_QUOTES}([a-z]+(?:{_QUOTES}(?:/|、|,|或者?|\bor\b){_QUOTES}[a-z]+)*)(?![a-z])"
)
_PURPOSE_AFTER: Final = re.compile(
    rf"^{_QUOTES}(?:[到至]\s*\d+)?+(?:即可|可以?|进行|以)?+(?!谢谢)(?=[\u4e00-\u9fff])"
    r"|\b(?:to|for)\s+(?!\d)"
)
"""Stands before what an offered letter is for, if that follows it: "R to renew"."""

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
    """Match a whole body with the keywords and requests.

    Width, case, accents, blanks and punctuation make no difference, and to stop neither
    do polite words or those of our own instruction: "Stop, please", "reply STOP",
    "回复TD退订". A single T, N or R matches only if it is in `offered` (see
    `find_opt_out_letters`). A question matches nothing: "Stop?". "STOP??" shouts, and
    stops.
    """
    text = _without_signature(body)
    plain, letters = _normalize(text), _LETTERS.intersection(offered)
    if not _ONLY_ASKS.search(text) and _is_answer(plain, letters):
        return "stop"
    if _ASKS.search(text):
        return None
    if _is_request(plain):
        return "stop"
    return "start" if plain in START_WORDS else None


def find_opt_out_letters(body: str) -> frozenset[str]:
    """The single letters that our text offers as a reply to opt out, in lower case.

    For example in "拒收请回复R", "回T/N退订" and "Reply R to opt out". "Reply R to
    renew, or STOP to opt out" offers none.
    """
    plain = unicodedata.normalize("NFKC", body).casefold().translate(_FOLD)
    words = {
        word
        for sentence in _SENTENCE_END.split(plain)
        for offer in _opt_out_offers(sentence)
        for word in re.findall("[a-z]+", offer)
    }
    return _LETTERS & words


def _opt_out_offers(sentence: str) -> Iterator[str]:
    """What a sentence asks to reply in order to opt out.

    The purpose follows an offer within its clause, or stands before it.
    """
    offers = list(_OFFER.finditer(sentence))
    starts = [offer.start() for offer in offers]
    ends = [offer.end() for offer in offers]
    spans = zip(offers, [0, *ends], [*starts[1:], len(sentence)], strict=False)
    for offer, previous_end, next_start in spans:
        after = sentence[offer.end() : next_start].partition(",")[0]
        purpose = _PURPOSE_AFTER.search(after)
        if (
            _OPT_OUT.match(after, purpose.end())
            if purpose
            else _OPT_OUT.search(sentence, previous_end, offer.start())
        ):
            yield offer[1]


def _without_signature(body: str) -> str:
    """A text without the line that a phone added below it, and all below that line."""
    lines = body.splitlines()
    for at, line in enumerate(lines):
        if at and line.lstrip().casefold().startswith(_SIGNATURES):
            return "\n".join(lines[:at])
    return body


def _is_answer(plain: str, letters: Collection[str]) -> bool:
    """Whether a text is a keyword or letter, perhaps repeated, or as we put it."""
    word = "|".join((*STOP_WORDS, *letters))
    letter = "|".join(letters) or "(?!)"
    as_we_put_it = (
        rf"(?:(?:{_PURPOSE}{_POLITE})?{_REPLY}(?:{word})|{letter}){_PURPOSE}?"
    )
    found = rf"{_POLITE}(?:({word})\1*|{as_we_put_it}){_POLITE}"
    return bool(re.fullmatch(found, plain))


def _is_request(plain: str) -> bool:
    request = "|".join(_REQUESTS)
    return bool(re.fullmatch(f"{_POLITE}(?:{request}){_POLITE}", plain))


def _normalize(body: str) -> str:
    # The accents of NFKD stand alone, and are no letters.
    plain = unicodedata.normalize("NFKD", body).casefold().translate(_FOLD)
    return "".join(filter(str.isalnum, plain))
