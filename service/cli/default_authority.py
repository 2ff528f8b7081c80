"""Which authority is meant where a command leaves it open."""

from service.domain.errors import SetUpError
from service.domain.law.authority import Authority
from service.domain.lawbook.law import Law


def choose_authority(
    law: Law, code: str | None, calendar: str | None = None
) -> Authority:
    """The authority that is named, or else the only one (of that calendar).

    Raises `UnknownError`, and `SetUpError` where nothing says which of them.
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
        codes = ", ".join(one.code for one in fitting or law.authorities.values())
        raise SetUpError(
            "authority: none is named; give --authority or set "
            f"PERMIT_REMINDERS_AUTHORITY to one of {codes}"
        )
    return fitting[0]
