"""Preconditions of requests (RFC 9110, section 13): a change of what was really read.

An ETag is the revision of what a PUT or POST can change, not of the whole answer: a
change is not refused because a reminder was sent meanwhile. Answers with an ETag say
`no-store`: a cache would ask with If-None-Match whether the whole answer still holds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import hdrs
from multidict import CIMultiDict, CIMultiDictProxy, istr

from service.domain.errors import InvalidError, Mistake, PreconditionError

_TAG: Final = '(W/)?"[!#-~]*"'
_TAGS: Final = rf"\*|{_TAG}( *, *{_TAG})*"
"""`*`, or entity tags: RFC 9110, section 8.8.3."""

HEADERS: Final[Mapping[istr, str]] = {
    hdrs.IF_MATCH: "ETags: the stored one must be among them; * takes any",
    hdrs.IF_NONE_MATCH: "the ETags that what is stored may not have; * to only create",
}
"""The preconditions of a change, and what each does."""

_REFUSED: Final = (hdrs.IF_MODIFIED_SINCE, hdrs.IF_UNMODIFIED_SINCE, hdrs.IF_RANGE)

Headers = CIMultiDictProxy[str] | CIMultiDict[str]


@dataclass(frozen=True, slots=True)
class Precondition:
    """The tags of If-Match and of If-None-Match; None without the header."""

    match: tuple[str, ...] | None = None
    none_match: tuple[str, ...] | None = None

    def check(self, revision: str | None) -> None:
        """Raise `PreconditionError` unless a revision is as required; None: nothing."""
        if self.match is not None and not _has(self.match, revision):
            raise PreconditionError(_not_as_expected(hdrs.IF_MATCH, revision))
        weak = [one.removeprefix("W/") for one in self.none_match or ()]
        if _has(weak, revision):
            raise PreconditionError(_not_as_expected(hdrs.IF_NONE_MATCH, revision))


def read_precondition(headers: Headers) -> Precondition:
    """The precondition of a change.

    Raises `InvalidError` for one that cannot be honoured, and `PreconditionError` for
    what is no ETag: it is that of nothing, and nothing is to be changed by mistake.
    """
    if mistakes := _refused(headers, _REFUSED):
        raise InvalidError("request", mistakes)
    tags = {name: _read_tags(headers, name) for name in HEADERS}
    return Precondition(tags[hdrs.IF_MATCH], tags[hdrs.IF_NONE_MATCH])


def refuse_preconditions(headers: Headers) -> None:
    """Raise `InvalidError` for a precondition, where a request can have none."""
    if mistakes := _refused(headers, (*HEADERS, *_REFUSED)):
        raise InvalidError("request", mistakes)


def etag_headers(revision: str) -> dict[istr, str]:
    """The headers of an answer that shows a revision."""
    return {hdrs.ETAG: f'"{revision}"', hdrs.CACHE_CONTROL: "no-store"}


def _refused(headers: Headers, names: tuple[istr, ...]) -> list[Mistake]:
    expected = (
        "no such precondition here; If-Match goes with a change of what has an ETag"
    )
    return [Mistake(name, "the header", expected) for name in names if name in headers]


def _read_tags(headers: Headers, name: istr) -> tuple[str, ...] | None:
    if name not in headers:
        return None
    text = ", ".join(headers.getall(name)).strip(" \t")
    if not re.fullmatch(_TAGS, text):
        raise PreconditionError(f"{name}: expected ETags in double quotes, or *")
    return ("*",) if text == "*" else tuple(one[0] for one in re.finditer(_TAG, text))


def _has(tags: tuple[str, ...] | list[str], revision: str | None) -> bool:
    return revision is not None and ("*" in tags or f'"{revision}"' in tags)


def _not_as_expected(header: str, revision: str | None) -> str:
    state = "there is none" if revision is None else "it was changed since, or exists"
    return f"{header}: {state}; get it again, and decide on what you get"
