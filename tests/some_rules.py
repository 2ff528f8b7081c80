"""Some of the shipped permit types: every installation reads all that it has."""

from collections.abc import Iterable

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_rules
from service.app import Installation
from service.domain.law_change.edits import RulesEdit
from service.flow.law_change.change import apply_change
from service.settings import shipped_folder


async def install_rules(installation: Installation, codes: Iterable[str]) -> None:
    """Install these permit types, as `db upgrade` installs all."""
    rules = read_rules(
        shipped_folder("schedules"),
        templates=installation.template_names,
        calendars=calendars(),
    )
    await apply_change(
        RulesEdit([rules[code] for code in codes]),
        installation.change_store,
        installation.clock,
        by="db upgrade",
    )
