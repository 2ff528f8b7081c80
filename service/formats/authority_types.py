"""Types of the values in an authority file: the range of each number, the signature."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from service.domain.reminders.limits import SLOWEST_RATE
from service.formats.field_types import Bilingual, ShortLine, whole
from service.formats.file_model import Expected, Range, expected

_FASTEST = 1000

Rate = Annotated[
    float,
    Range(SLOWEST_RATE, _FASTEST),
    Expected(f"a number from {SLOWEST_RATE} to {_FASTEST}"),
]
"""Starts a second; one in a quarter of an hour at least."""

MarginDays = Annotated[int, Range(0, 60), whole(0, 60)]
"""Working days by which a closing is announced early; at most a quarter of a year."""

_UNLIMITED: Final = 1_000_000_000
"""A limit that never holds anything back."""

TextsADay = Annotated[int, Range(1, _UNLIMITED), whole(1, _UNLIMITED)]
"""Texts a day: of an office, or of all offices to a phone."""


class ShortBilingual(Bilingual):
    """Words that stand in every text, in Chinese and in English."""

    zh: ShortLine = Field(description="in Chinese")
    en: ShortLine = Field(description="in English")


def _without_brackets(name: str) -> str:
    if "【" in name or "】" in name:
        raise expected("the bare name: templates add 【】 where a language needs it")
    return name


SignatureLine = Annotated[ShortLine, AfterValidator(_without_brackets)]


class Signature(Bilingual):
    """The name that opens every text."""

    zh: SignatureLine = Field(description="in Chinese, without 【】")
    en: SignatureLine = Field(description="in English, without 【】")
