"""Permits looked at as they are stored: whom no text reaches, what looks wrong."""

from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from datetime import date
from typing import Final

from service.domain.errors import PermitRemindersError
from service.domain.lawbook.law import Law
from service.domain.permits.permit import Permit, PermitStatus
from service.domain.permits.phone import PhoneLine, find_textless_roles
from service.domain.rejected_rows.suspicions import Sighting, Suspicions
from service.flow.permits.register import RegisterDeps

TAKES_TEXTS: Final = "takes texts"
"""A permit with a mobile phone, in `ImportResult.phones`."""


class PermitLook:
    """Looks at permits by a law, and counts what it sees."""

    def __init__(
        self, law: Law, deps: RegisterDeps, phones: Counter[str], found: Suspicions
    ) -> None:
        self._law, self._phones, self._found = law, phones, found
        self._line_of = deps.phone_reader.line_of
        self._now = deps.clock.now()
        self._offices = dict[str, tuple[str, date]]()

    def at(self, line: int, permit: Permit) -> None:
        """Look at the permit of a row, if it is active."""
        if permit.status is not PermitStatus.ACTIVE:
            return
        if permit.authority not in self._offices:
            office = self._law.authority(permit.authority)
            today = self._now.astimezone(office.zone).date()
            self._offices[permit.authority] = office.calendar, today
        region, today = self._offices[permit.authority]
        lines = [self._line_of(one, region) for one in permit.phones]
        why = _describe_phones(lines)
        self._phones[why] += 1
        if why != TAKES_TEXTS:
            self._found.textless.add(line)
        elif permit.phone_roles:
            for role in find_textless_roles(permit.phone_roles, lines):
                self._found.textless_roles.setdefault(role, Sighting()).add(line)
        with suppress(PermitRemindersError):  # the law has changed in the meantime
            self._found.add(line, permit, self._law, today)


def _describe_phones(lines: Collection[PhoneLine]) -> str:
    if PhoneLine.MOBILE in lines:
        return TAKES_TEXTS
    if PhoneLine.FIXED in lines:
        return "a fixed line"
    return "no valid number" if lines else "no phone"
