"""The text that a clerk sends to a phone of her own, to see that texts arrive."""

from datetime import datetime
from typing import Final

from service.domain.law.authority import Authority

TEST_RULE: Final = "(test)"
"""Stands in the ledger for the rule of a test, which is about no permit.

No rule has such a code: it counts for none, and every list shows what it is.
"""

TEST_TEMPLATE: Final = "test-sms"
"""Stands in the ledger for its template."""


def word_test(office: Authority, at: datetime) -> str:
    """Word a test in the office's language.

    Its second tells it from others to the same phone: a provider is asked by the text.
    """
    signature = office.signature.in_language(office.language)
    sent = f"{at.astimezone(office.zone):%Y-%m-%d %H:%M:%S}"
    if office.language == "zh":
        return f"【{signature}】这是一条测试短信，发送于{sent}，与任何许可证无关。"
    return f"{signature}: this is a test, sent {sent}. It is about no permit."
