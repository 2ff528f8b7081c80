"""Why a reminder ended unsent, or waits: the reasons that are stored with it.

The stored texts never change: reports group by them, and templates/report puts them
into Chinese.
"""

from collections.abc import Mapping
from typing import Final

BEFORE_START: Final = "before start"
"""The step fell due before its (authority, rule) went live: never texted."""

OVERTAKEN: Final = "overtaken"
"""The next step fell due before this one was sent."""

WINDOW_CLOSED: Final = "window closed"
NO_PHONE: Final = "no phone number"
NO_MOBILE: Final = "no mobile number"
OPTED_OUT: Final = "opted out"
NO_REACHABLE: Final = "no reachable number"

NO_ROUTE: Final = "no route to the number"
"""The provider cannot send to this number, for example because its country is not
enabled. Held until the step ends, or until somebody enables it and resumes sending."""

RENEWED: Final = "renewed"
EXPIRY_CORRECTED: Final = "expiry corrected"
ABSENT: Final = "absent from register"
"""A full export of its register does not name the permit, so it is withdrawn."""

RENEWAL_FILED: Final = "renewal filed"
RULE_UNVERIFIED: Final = "rule unverified"
RULE_CHANGED: Final = "rule changed"

LATER_STEP_SENT: Final = "later step sent"
"""A text of a later step went out before this one, because the dates moved."""

NO_CORRECTION_NEEDED: Final = "told date holds again"
"""A correction whose cause is gone: the day that was announced is right after all."""

REGISTER_STALE: Final = "register is stale"
"""The register that stated the permit is older than its source allows."""

REGISTER_NOT_ASKED: Final = "register is to be asked"
"""The register is asked about a permit before it is texted, and was not yet."""

NOT_IN_REGISTER: Final = "not found in the register"
"""The register, asked about the permit before it is texted, did not find it."""

REGISTER_FAILED: Final = "register gave no usable answer"
"""The register was asked, and its office wants no text without an answer."""

REOPENED: Final = "reopened"
"""A reminder that had ended is due again, because the cause of its end is gone."""

_STEP_OVER: Final = "its time was over before it could be sent"

REASONS_IN_WORDS: Final[Mapping[str, str]] = {
    BEFORE_START: "it fell due before the office went live with this law",
    OVERTAKEN: _STEP_OVER,
    WINDOW_CLOSED: _STEP_OVER,
    NO_PHONE: "the permit has no phone number",
    NO_MOBILE: "none of the permit's numbers is a mobile phone",
    OPTED_OUT: "the phone has opted out",
    NO_REACHABLE: "none of the permit's numbers can be reached",
    NO_ROUTE: "the provider cannot send to this number, and nobody enabled it in time",
    RENEWED: "the permit has been renewed",
    EXPIRY_CORRECTED: "the permit's expiry date has been corrected",
    "permit suspended": "the permit is suspended",
    "permit withdrawn": "the permit is withdrawn",
    ABSENT: "a full export of its register does not name the permit",
    RENEWAL_FILED: "its renewal has been applied for",
    RULE_UNVERIFIED: "nobody has verified the source of its rule",
    RULE_CHANGED: "the rule was changed and has no such step any more",
    LATER_STEP_SENT: "the holder was already texted in a later step",
    NO_CORRECTION_NEEDED: "the day that an earlier text named is right again",
}
"""Each reason of a reminder that was not sent, in words for people."""
