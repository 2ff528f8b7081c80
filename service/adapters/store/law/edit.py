"""One edit of the law stored: versions are added and retired, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Insert, Update, func, insert, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import (
    authorities,
    calendar_years,
    permits,
    rules,
    versions,
)
from service.adapters.store.db.upsert import insert_into
from service.adapters.store.law.digest import document_digest, update_law_digest
from service.domain.calendars.office_year import CalendarYear
from service.domain.errors import ConflictError
from service.domain.law.authority import Authority
from service.domain.law.rule import Rule, Version
from service.domain.law_change.edits import (
    AuthoritiesEdit,
    CalendarYearsEdit,
    Edit,
    HolidaysEdit,
    RevertEdit,
    RulesEdit,
)
from service.domain.lawbook.documents import (
    authority_to_dict,
    calendar_year_to_dict,
    rule_fields_to_dict,
    version_to_dict,
)
from service.domain.lawbook.law import Law


@dataclass(frozen=True, slots=True)
class AppliedEdit:
    """Who edited the law and when; the keys of the versions installed and retired."""

    by: str
    now: datetime
    installed: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)


async def apply_edit(
    connection: AsyncConnection, edit: Edit, law: Law, applied: AppliedEdit
) -> None:
    """Store an edit of `law`; raises `ConflictError` if there is nothing to revert."""
    match edit:
        case RulesEdit():
            batch = await _next_batch(connection)
            for rule in edit.rules:
                await _install_document(
                    connection, rule, law, batch, shadow=edit.shadow
                )
                for version in _new_versions(rule, law, shadow=edit.shadow):
                    await _install_version(
                        connection, version, batch, applied, shadow=edit.shadow
                    )
        case RevertEdit():
            await _revert(connection, law.rule(edit.rule).code, applied)
        case AuthoritiesEdit():
            await _install_offices(connection, edit.authorities)
        case CalendarYearsEdit():
            await _install_years(connection, edit.years)
        case HolidaysEdit():
            pass
    await update_law_digest(connection)


def _new_versions(rule: Rule, law: Law, *, shadow: bool) -> list[Version]:
    """The versions of a rule that differ from all those in force.

    A new shadow must also differ from every shadow installed.
    """
    known = law.rules[rule.code].versions if rule.code in law.rules else ()
    if shadow:
        known += law.shadow_versions
    return [
        one
        for one in rule.versions
        if not any(one.equals_except_revision(other) for other in known)
    ]


async def _install_document(
    connection: AsyncConnection, rule: Rule, law: Law, batch: int, *, shadow: bool
) -> None:
    """Store a rule's document without its versions; a shadow changes nothing of it.

    Raises `ConflictError` for the shadow of a rule that is not installed.
    """
    if shadow and rule.code not in law.rules:
        raise ConflictError(
            f"{rule.code}: not installed, so it cannot have a shadow; "
            "apply the rule first"
        )
    document = rule_fields_to_dict(rule)
    if rule.code not in law.rules:
        statement: Insert | Update = insert(rules).values(
            code=rule.code, document=document
        )
    elif shadow or law.rules[rule.code].equals_except_versions(rule):
        return
    else:
        await _refuse_personal_number_change(connection, rule, law.rules[rule.code])
        statement = (
            update(rules)
            .where(rules.c.code == rule.code)
            .values(
                document=document,
                former={
                    "batch": batch,
                    "words": rule_fields_to_dict(law.rules[rule.code]),
                },
            )
        )
    await connection.execute(statement)


async def _refuse_personal_number_change(
    connection: AsyncConnection, rule: Rule, known: Rule
) -> None:
    """Raise `ConflictError` once permits are stored: their keys would not match."""
    if rule.number_is_personal == known.number_is_personal:
        return
    registered = select(permits.c.id).where(permits.c.rule == rule.code).limit(1)
    if (await connection.execute(registered)).first():
        raise ConflictError(
            f"{rule.code}: number_is_personal cannot change once permits are "
            "registered: they would be registered and texted again"
        )


async def _install_version(
    connection: AsyncConnection,
    version: Version,
    batch: int,
    applied: AppliedEdit,
    *,
    shadow: bool,
) -> None:
    await _retire_shadows(connection, version.series, applied)
    revision = await _next_revision(connection, version)
    made = replace(version, revision=revision)
    document = version_to_dict(made)
    await connection.execute(
        insert(versions).values(
            id=made.key,
            rule=made.rule,
            series=made.series,
            state="shadow" if shadow else "active",
            document=document,
            sha256=document_digest(document),
            applied_at=applied.now,
            applied_by=applied.by,
            batch=batch,
        )
    )
    applied.installed.append(made.key)


async def _retire_shadows(
    connection: AsyncConnection, series: str, applied: AppliedEdit
) -> None:
    gone = await connection.execute(
        update(versions)
        .where(versions.c.series == series, versions.c.state == "shadow")
        .values(state="retired")
        .returning(versions.c.id)
    )
    applied.retired.extend(gone.scalars())


async def _revert(connection: AsyncConnection, code: str, applied: AppliedEdit) -> None:
    """Take back the latest change of a rule: its versions, its document, or both."""
    active = (versions.c.rule == code) & (versions.c.state == "active")
    latest = await connection.execute(select(func.max(versions.c.batch)).where(active))
    last = latest.scalar() or 0
    found = await connection.execute(select(rules.c.former).where(rules.c.code == code))
    former = found.scalar()
    if former and former["batch"] >= last:
        await connection.execute(
            update(rules)
            .where(rules.c.code == code)
            .values(document=former["words"], former=null())
        )
        if former["batch"] > last:
            return
    gone = await connection.execute(
        update(versions)
        .where(active, versions.c.batch == last)
        .values(state="retired")
        .returning(versions.c.id)
    )
    applied.retired.extend(gone.scalars())
    left = await connection.execute(select(func.count()).where(active))
    if not left.scalar_one():
        raise ConflictError(f"{code}: there is no former version to go back to")


async def _install_offices(
    connection: AsyncConnection, offices: Sequence[Authority]
) -> None:
    for office in offices:
        values = {"document": authority_to_dict(office)}
        await connection.execute(
            insert_into(connection, authorities)
            .values(code=office.code, **values)
            .on_conflict_do_update(index_elements=["code"], set_=values)
        )


async def _install_years(
    connection: AsyncConnection, years: Sequence[CalendarYear]
) -> None:
    for year in years:
        values = {"document": calendar_year_to_dict(year)}
        await connection.execute(
            insert_into(connection, calendar_years)
            .values(calendar=year.calendar, year=year.year, **values)
            .on_conflict_do_update(index_elements=["calendar", "year"], set_=values)
        )


async def _next_batch(connection: AsyncConnection) -> int:
    last = await connection.execute(select(func.max(versions.c.batch)))
    found = await connection.execute(
        select(rules.c.former).where(rules.c.former.is_not(None))
    )
    of_rules: list[int] = [former["batch"] for former in found.scalars() if former]
    return max([last.scalar() or 0, *of_rules]) + 1


async def _next_revision(connection: AsyncConnection, version: Version) -> int:
    """One above every revision ever installed, because a retired one keeps its key."""
    found = await connection.execute(
        select(func.count()).where(versions.c.series == version.series)
    )
    return found.scalar_one() + 1
