"""What an inbound text asks for: no more messages, or messages again.

The English words are those Twilio acts on by itself (its error page 30004 and the
Advanced Opt-Out page); the Chinese ones are the usual ways out of commercial texts,
which 通信短信息服务管理规定 (2015) obliges senders to offer.
"""

import unicodedata
from typing import Literal

_STOP = {"stop", "stopall", "unsubscribe", "end", "quit", "cancel", "revoke", "optout"}
_STOP |= {"td", "退订", "td退订", "退订td", "取消", "停止", "拒收"}
_START = {"start", "unstop", "yes", "恢复", "开启"}
_STOP_LETTERS = {"t", "n", "r"}


def intent(body: str, *, single_letters: bool) -> Literal["stop", "start"] | None:
    """Read the wish of a whole body: "Stop." is one, "stop please" is not.

    Width, case, blanks and punctuation make no difference. A lone T, N or R counts
    only where the text being answered offered it (`single_letters`).
    """
    word = _bare(body)
    if word in _STOP or (single_letters and word in _STOP_LETTERS):
        return "stop"
    return "start" if word in _START else None


def _bare(body: str) -> str:
    kept = (one for one in unicodedata.normalize("NFKC", body) if one.isalnum())
    return "".join(kept).casefold()
