"""The office that most tests of the domain use."""

from zoneinfo import ZoneInfo

from service.domain.law.authority import Authority
from service.domain.law.rule import BilingualText

WORDS = BilingualText("字", "word")

LINJIANG = Authority(
    code="990000",
    name=WORDS,
    zone=ZoneInfo("Asia/Shanghai"),
    calendar="CN",
    signature=WORDS,
    apply_at=WORDS,
    helpline="12345",
    opt_out=WORDS,
)
"""It sends at the default hours, on the working days of China."""
