"""The authority that a request is about, and those below it."""

from collections.abc import Sequence

from service.domain.law.authority import Authority
from service.domain.lawbook.law import Law
from service.web.services import Services


async def requested_authority(
    services: Services, code: str | None
) -> tuple[Law, Authority]:
    """The installed law, and the authority named or else the default one.

    Raises `UnknownError` for an unknown code, and if there is no default.
    """
    law = await services.law_store.current_law()
    return law, law.default_authority(code or services.default_authority)


def offices_below(law: Law, authority: str | None) -> Sequence[str] | None:
    """An authority and all below it; None for all authorities."""
    return None if authority is None else law.subtree(authority)
