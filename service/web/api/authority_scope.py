"""The offices that a list is limited to."""

from collections.abc import Sequence

from service.domain.lawbook.law import Law


def offices_below(law: Law, authority: str | None) -> Sequence[str] | None:
    """An office with all below it; None where none is named."""
    return None if authority is None else law.subtree(authority)
