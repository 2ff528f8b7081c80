"""Why a permit is texted when it is: the law, the counting, the hours, the history."""

from collections.abc import Mapping
from datetime import date

from service.domain.lawbook import Law
from service.domain.rule import Version


def explain(
    law: Law,
    rule: str,
    authority: str,
    expires_on: date,
    version: Version | None = None,
) -> Mapping[str, object]:
    """The public `explain` answer: dates, instants, and the reasoning line by line.

    Without `version` the one that governs the expiry date is taken. Raises
    `UnknownError` and `NotInForceError`.
    """
    chosen = version or law.version_for(rule, authority, expires_on)
    reckoned = law.reckon(rule, chosen, authority, expires_on)
    window = reckoned.window
    return {
        "rule": rule,
        "version": chosen.key,
        "authority": authority,
        "expires_on": expires_on,
        "opens_on": window.opens_on,
        "closes_on": window.closes_on,
        "closes_on_lenient": window.closes_on_lenient,
        "provisional": window.provisional,
        "slots": [
            {"step": slot.step, "due_at": slot.due_at, "template": slot.template}
            for slot in reckoned.ladder().slots
        ],
        "trace": list(reckoned.reasons()),
    }
