"""The authority of a command: the one named, or the default."""

from typing import TYPE_CHECKING

from service.domain.errors import SetUpError
from service.domain.law.authority import Authority
from service.domain.lawbook.law import Law
from service.domain.nearest import show_known

if TYPE_CHECKING:  # at run time it would take `explain` longer to import than to answer
    from service.app import Installation


async def installed_authority(
    installation: "Installation", code: str | None
) -> tuple[Law, Authority]:
    """The installed law, and the authority named or else that of the settings.

    Raises as `choose_authority`.
    """
    law = await installation.law_store.current_law()
    return law, choose_authority(law, code or installation.settings.authority)


def choose_authority(
    law: Law, code: str | None, calendar: str | None = None
) -> Authority:
    """The authority with this code, or else the only one (with this calendar).

    Raises `UnknownError` for an unknown code, and `SetUpError` if no code is given and
    there is no authority or more than one.
    """
    if code is not None:
        return law.authority(code)
    if not law.authorities:
        raise SetUpError(
            "authority: none is loaded; run `permit-reminders authorities load FILE`"
        )
    fitting = [
        one for one in law.authorities.values() if calendar in (None, one.calendar)
    ]
    if len(fitting) != 1:
        codes = [one.code for one in fitting or law.authorities.values()]
        raise SetUpError(
            "authority: none is named; give --authority or set "
            f"PERMIT_REMINDERS_AUTHORITY to {show_known('', codes)}"
        )
    return fitting[0]
