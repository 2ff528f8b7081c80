"""What the cells of a column are, whatever its heading says."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from service.domain.permits.written_phone import read_written_phone
from service.domain.register_columns.date_forms import DateColumn, find_date_forms
from service.domain.register_columns.status_words import our_status
from service.domain.untrusted.check_characters import (
    has_identity_form,
    is_credit_code,
    is_identity_number,
)
from service.domain.untrusted.district import is_district, read_district
from service.domain.untrusted.phone_list import split_phones
from service.domain.untrusted.spreadsheet_cells import is_placeholder

MOST_VALUES: Final = 400
"""Different values of a column that are looked at; more change no share by much."""

_SURE_PHONE: Final = re.compile(
    r"\+\d{8,15}|(?:0086|86)?1[3-9]\d{9}|\(\d{2,5}\)\d{6,8}|0\d{2,3}-\d{7,8}"
    r"|1?[-.]?[2-9]\d\d[-.][2-9]\d\d[-.]\d{4}|\(?[2-9]\d\d\)?[-.]?\d{3}[-.]\d{4}"
    r"|0\d{3,4}\d{6}|0\d[-.]?\d{4}[-.]?\d{4}"
)
_LIKELY_PHONE: Final = re.compile(
    r"1?[2-9]\d{2}[2-9]\d{6}|[6-9]\d{9}|0\d{9,10}|\d{7,8}"
)
_ORGANIZATION: Final = re.compile(
    r"公司|厂$|店$|部$|院$|所$|行$|社$|站$|中心|集团|餐厅|饭店|超市|合作社|学校|幼儿园|个体|馆$|坊$"
    r"|\b(?:llc|l\.l\.c|inc|corp|ltd|limited|pty|plc|co|company|llp|pvt|group|services?"
    r"|enterprises?|trust|association|stores?|restaurant|foods?|traders|associates)\b",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(
    r"[省市区县镇乡路街道号楼室].*\d|\d+号|\b(?:st|street|ave|avenue|rd|road|blvd|lane|ln|drive"
    r"|dr|suite|hwy|way|p\.?o\.? box|nagar|floor)\b",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"(?=.*\d)[\w./#()（）〔〕\[\] ×*—–:-]{3,40}")
_NUMERIC: Final = re.compile(r"-?\d{1,3}\.\d{2,}")
_MOST_STATES: Final = 25
_PERSON: Final = re.compile(
    r"[\u4e00-\u9fff·]{2,4}|[^\W\d_]+(?:[ ,.'-]+[^\W\d_]+){1,4}\.?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnCells:
    """The cells of a column counted: shares are parts of the filled ones, of 1.

    `values` counts the different texts, the first `MOST_VALUES` in order of the file.
    `identity_numbers` is 0 where most numbers of that form have another check
    character: a permit number may hold a region and a date as well.
    """

    values: Mapping[str, int]
    filled: int
    empty: int
    distinct: float
    dates: DateColumn
    phones: float
    identity_numbers: float
    scores: Mapping[str, float]
    """By permit field, how well the cells fit it; a field that is missing has 0."""


def count_cell_kinds(cells: list[str], orders: tuple[str, ...] = ()) -> ColumnCells:
    """Count what the cells of a column are."""
    filled = [one for one in cells if one and not is_placeholder(one)]
    counted = Counter(filled)
    values = dict(list(counted.items())[:MOST_VALUES])
    distinct = len(counted) / len(filled) if filled else 0.0
    dates = find_date_forms(values, orders)
    shares = {
        name: _share(values, found)
        for name, found in (
            ("phones", _phone_likeness),
            ("codes", lambda one: float(is_credit_code(one))),
            ("districts", lambda one: float(is_district(read_district(one) or ""))),
            ("persons", lambda one: float(is_identity_number(one))),
            ("like persons", lambda one: float(has_identity_form(one))),
            ("states", lambda one: float(our_status(one) is not None)),
            ("names", _name_likeness),
            ("numbers", _number_likeness),
        )
    }
    if shares["persons"] < shares["like persons"] / 2:
        shares["persons"] = 0.0
    scores = {
        "expires_on": dates.share,
        "issued_on": dates.share,
        "renewal_filed_on": dates.share,
        "phones": shares["phones"] * (dates.share < 0.5),
        "holder_code": shares["codes"],
        "district": shares["districts"],
        "status": shares["states"] if len(counted) <= _MOST_STATES else 0.0,
        "number": _number_score(filled, shares, dates, distinct),
        "holder": shares["names"] * (0.4 + 0.6 * min(1.0, 2 * distinct)),
    }
    return ColumnCells(
        values=values,
        filled=len(filled),
        empty=len(cells) - len(filled),
        distinct=distinct,
        dates=dates,
        phones=shares["phones"],
        identity_numbers=shares["persons"],
        scores=scores,
    )


def _share(values: Mapping[str, int], likeness: Callable[[str], float]) -> float:
    total = sum(values.values())
    if not total:
        return 0.0
    return sum(likeness(value) * count for value, count in values.items()) / total


def _phone_likeness(text: str) -> float:
    """1 for what can only be a phone, half for digits that a number has too."""
    best = 0.0
    if _NUMERIC.fullmatch(text):
        return best
    for one in split_phones(text):
        written = read_written_phone(one)
        if written is None:
            continue
        plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", written.number))
        if plain.startswith("+"):
            plain = re.sub(r"[^\d+]", "", plain)
        if _SURE_PHONE.fullmatch(plain):
            return 1.0
        if _LIKELY_PHONE.fullmatch(re.sub(r"\D", "", plain)):
            best = 0.5
    return best


def _name_likeness(text: str) -> float:
    """1 for an organization, less for a person, little for other words."""
    letters = sum(map(str.isalpha, text))
    if not 2 <= len(text) <= 120 or letters < 0.6 * len(text.replace(" ", "")):
        return 0.0
    if _ORGANIZATION.search(text):
        return 1.0
    if _ADDRESS.search(text):
        return 0.1
    return 0.9 if _PERSON.fullmatch(text) else 0.3


def _number_likeness(text: str) -> float:
    """1 for a code with a digit; 0 for amounts and places."""
    plain = text.strip()
    is_other = _NUMERIC.fullmatch(plain) or _ADDRESS.search(plain)
    if is_other or not _CODE.fullmatch(plain):
        return 0.0
    return 1.0 if len(plain.split()) <= 3 else 0.3


def _number_score(
    filled: list[str], shares: Mapping[str, float], dates: DateColumn, distinct: float
) -> float:
    """Codes that differ from row to row and are neither dates nor holders' codes."""
    other = max(dates.written, shares["codes"], shares["persons"])
    if other > 0.5 or _counts_rows(filled):
        return 0.0
    clear = 1 - 0.6 * (shares["phones"] > 0.8)
    return shares["numbers"] * clear * (0.3 + 0.7 * distinct)


def _counts_rows(filled: list[str]) -> bool:
    """Whether the cells are 1, 2, 3 …: the number of a row, not of a permit."""
    first = filled[:50]
    return first in (
        [str(number) for number in range(start, start + len(first))] for start in (0, 1)
    )
