"""The file of an office that is new: what five answers say, and words that fit it."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import tomli_w

from service.domain.errors import InvalidError, Mistake
from service.domain.law.authority import Authority
from service.formats.authority import parse_authorities

_HAN: Final = re.compile(r"[\u3400-\u9fff]")

_NO_CHINESE_NAME: Final = "发证机关"
"""The issuing office: short, because an English name is long among Chinese words."""

_OPT_OUT: Final = {
    "CN": {"zh": "停收请来电", "en": "Call to opt out"},
    "": {"zh": "拒收请回复STOP", "en": "Reply STOP to opt out"},
}
"""How holders opt out, by calendar: China's carriers take no answers to a text."""

_COMMENTS: Final = {
    "name": "the full name, for reports; texts use the signature",
    "zone": "its sending hours are in this zone; its working days are in the calendar",
    "language": "of texts to holders whose register names none",
    "signature": "the name that opens every text, without 【】",
    "apply_at": "where holders apply, as it reads inside a text",
    "helpline": "whom holders call",
    "opt_out": "how holders opt out; offer only what you can honour",
}


@dataclass(frozen=True, slots=True)
class OfficeAnswers:
    """What a person says of an office; `name` is Chinese, English, or both with /."""

    code: str
    name: str
    zone: str
    helpline: str


EXAMPLE: Final = OfficeAnswers(
    "990000", "临江省市场监管局 / LINJIANG-AMR", "Asia/Shanghai", "12345"
)
"""An office that does not exist, with nothing wrong."""


@dataclass(frozen=True, slots=True)
class NewOffice:
    """An office, and the text of its file."""

    office: Authority
    text: str


def describe_office(answers: OfficeAnswers, calendars: Collection[str]) -> NewOffice:
    """Describe an office in a file that `authorities load` can read.

    Its calendar is that of its zone's country, and its language follows from it.
    Raises `InvalidError` with all that is wrong.
    """
    country = _countries().get(answers.zone, "")
    if country not in calendars:
        expected = f"a zone of {', '.join(calendars)} such as {EXAMPLE.zone}"
        raise InvalidError("office", [Mistake("zone", answers.zone, expected)])
    names = _names(answers)
    values: Mapping[str, object] = {
        "code": answers.code,
        "name": names,
        "zone": answers.zone,
        "calendar": country,
        "language": "zh" if country == "CN" else "en",
        "signature": names,
        "apply_at": {"zh": "发证机关", "en": "the issuing office"},
        "helpline": answers.helpline,
        "opt_out": _OPT_OUT.get(country, _OPT_OUT[""]),
    }
    parsed = parse_authorities({"authorities": [values]}, "office", calendars=calendars)
    return NewOffice(parsed[answers.code], _to_toml(values))


def _countries() -> Mapping[str, str]:
    """The country of each zone of the IANA database, as its zone.tab says."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line[:1] != "#")
    return {zone: country for country, _, zone, *_ in rows}


def _names(answers: OfficeAnswers) -> Mapping[str, str]:
    """The name in both languages; one that is not given follows from what is."""
    parts = [*filter(None, map(str.strip, answers.name.split("/")))]
    chinese = [*filter(_HAN.search, parts)]
    english = [one for one in parts if one not in chinese]
    if max(len(chinese), len(english)) > 1:
        expected = "one name in Chinese and one in English, with a / between"
        raise InvalidError("office", [Mistake("name", answers.name, expected)])
    return {
        "zh": chinese[0] if chinese else _NO_CHINESE_NAME,
        "en": english[0] if english else f"Office {answers.code}",
    }


def _to_toml(values: Mapping[str, object]) -> str:
    lines = [
        "# The keys that are not here: examples/authorities.toml.",
        "[[authorities]]",
    ]
    for key, value in values.items():
        comment = f"  # {_COMMENTS[key]}" if key in _COMMENTS else ""
        lines.append(f"{_entry(key, value)}{comment}")
    return "\n".join([*lines, ""])


def _entry(key: str, value: object) -> str:
    if isinstance(value, Mapping):
        return f"{key} = {{ {', '.join(_entry(*one) for one in value.items())} }}"
    return tomli_w.dumps({key: value}).strip()
