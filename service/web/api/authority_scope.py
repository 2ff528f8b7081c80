"""The authorities to which a list is limited."""

from collections.abc import Sequence

from service.domain.lawbook.law import Law


def offices_below(law: Law, authority: str | None) -> Sequence[str] | None:
    """An authority and all below it; None for all authorities."""
    return None if authority is None else law.subtree(authority)
