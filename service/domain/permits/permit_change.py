"""What an import changes of a permit: which fields, from what to what."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final

from service.domain.permits.permit import PermitStatus

FieldChanges = Mapping[str, tuple[object, object] | None]
"""The fields that changed, each from what to what; None where that is personal."""

_SHOWN: Final = frozenset(
    {
        "district",
        "expires_on",
        "issued_on",
        "language",
        "phone_roles",
        "phones",
        "register",
        "renewal_filed_on",
        "replaced",
        "series",
        "status",
        "status_reason",
    }
)
"""The fields whose values are stored with a change; of `phones`, the recipients' ids.

Others may be personal, and are only named.
"""


class ChangeKind(StrEnum):
    """What happened to a permit.

    It is renewed by a later expiry date, none, or another permit that replaces it. It
    is reopened if it is no longer withdrawn, or no longer replaced.
    """

    REGISTERED = "registered"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"
    RENEWED = "renewed"


def compare_fields(
    before: Mapping[str, object], after: Mapping[str, object]
) -> FieldChanges:
    """The fields of `before` that are others in `after`; dates in ISO form."""
    return {
        name: (_to_json(old), _to_json(after[name])) if name in _SHOWN else None
        for name, old in before.items()
        if old != after[name]
    }


def find_kind(fields: FieldChanges) -> ChangeKind:
    """What the changes of a stored permit's fields amount to."""
    status, expiry = fields.get("status"), fields.get("expires_on")
    if status and PermitStatus.WITHDRAWN in status:
        is_withdrawn = status[1] == PermitStatus.WITHDRAWN
        return ChangeKind.WITHDRAWN if is_withdrawn else ChangeKind.REOPENED
    if replaced := fields.get("replaced"):
        return ChangeKind.RENEWED if replaced[1] else ChangeKind.REOPENED
    if expiry and expiry[0] and (expiry[1] is None or str(expiry[1]) > str(expiry[0])):
        return ChangeKind.RENEWED
    return ChangeKind.CHANGED


def _to_json(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
