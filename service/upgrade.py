"""What a new release changes: tables, shipped rules, holidays, permit numbers."""

from typing import Final

import structlog

from service.adapters.calendars.holidays import calendars, calendars_known_until
from service.adapters.rules.files import read_rules
from service.adapters.store.db.database import Database
from service.adapters.store.db.migrate import newest_migration
from service.adapters.store.permits.numbers import SqlNumberStore
from service.app import Installation, build_installation
from service.domain.law_change.edits import RulesEdit
from service.flow.law_change.change import apply_change
from service.flow.law_change.refresh_holidays import refresh_holidays as refresh
from service.flow.permits.renumber import renumber_permits
from service.settings import Settings, shipped_folder

_log = structlog.get_logger("service.calendars")
_permits_log = structlog.get_logger("service.permits")

_WITHDRAWN: Final = (
    "permit withdrawn: the same number in another spelling is registered too"
)
_CONTRADICTING: Final = (
    "two permits are one number and say different things: withdraw the wrong"
)


async def prepare(settings: Settings, database: Database) -> list[str]:
    """Bring tables, holidays and numbers to this release, and install its new rules.

    An installed rule stays as it is; `rules diff` shows what the shipped one would
    change. Returns the keys of the new versions. Raises `SetUpError` if the database
    belongs to a later release.
    """
    await database.upgrade()
    installation = await build_installation(settings, database)
    installed = (await installation.law_store.current_law()).rules
    if installed:
        await refresh_holidays(installation, "db upgrade")
        await _renumber(installation)
    shipped = read_rules(
        shipped_folder("schedules"),
        templates=installation.template_names,
        calendars=calendars(),
    )
    new = RulesEdit([rule for code, rule in shipped.items() if code not in installed])
    done = await apply_change(
        new, installation.change_store, installation.clock, by="db upgrade"
    )
    return list(done.installed_versions)


async def refresh_holidays(installation: Installation, by: str) -> None:
    """Compute dates again where this release knows more holidays than the stored law.

    `by` is who asked, for the action log.
    """
    done = await refresh(
        installation.change_store, installation.clock, calendars_known_until, by=by
    )
    if done:
        impact = done.plan.impact
        _log.info(
            "calendars refreshed",
            permits=impact.permits,
            exact=impact.exact,
            corrected=impact.corrected,
            objections=list(done.plan.objections),
        )


async def _renumber(installation: Installation) -> None:
    store = SqlNumberStore(installation.database)
    done = await renumber_permits(store, installation.register_deps, by="db upgrade")
    if done.changed:
        _permits_log.info("permit numbers cleaned", permits=done.changed)
    for words, permits in (
        (_WITHDRAWN, done.withdrawn),
        (_CONTRADICTING, done.contradicting),
    ):
        for authority, rule, number in permits:
            _permits_log.warning(words, authority=authority, rule=rule, number=number)


async def upgrade_database(settings: Settings) -> list[str]:
    """Open the database of these settings and `prepare` it."""
    database = Database(settings.database_url)
    try:
        return await prepare(settings, database)
    finally:
        await database.dispose()


async def stored_revision(settings: Settings) -> str | None:
    """Return the migration of the tables, None without tables; creates no file."""
    file = settings.database_file
    if file is not None and not file.exists():
        return None
    database = Database(settings.database_url)
    try:
        return await database.current_migration()
    finally:
        await database.dispose()


def needed_revision() -> str:
    """Return the migration that this release needs."""
    return newest_migration()
