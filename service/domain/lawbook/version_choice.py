"""Choose the version that governs a permit, and explain the choice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from service.domain.errors import (
    InvalidError,
    Mistake,
    NeverRemindsError,
    NotInForceError,
    UnknownError,
)
from service.domain.law.rule import Rule, Version
from service.domain.lawbook.law import Law


@dataclass(frozen=True, slots=True)
class ExplainRequest:
    """An expiry date under a rule, in an office, whose dates are to be explained.

    `registered_version` is the version of a registered permit; `version` is one that
    the user named instead.
    """

    rule: str
    authority: str
    expires_on: date
    issued_on: date | None = None
    registered_version: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """An installed version of a series; `state` is "active", "shadow" or "retired".

    The active one that was installed last gives the permits of the series their dates.
    """

    key: str
    state: str
    applied_at: datetime
    applied_by: str


def choose_version(law: Law, request: ExplainRequest) -> Version:
    """Find the version to explain: the one named, the registered one, or by dates.

    Raises `UnknownError`, `InvalidError` for a version of another rule,
    `NotInForceError` and `NeverRemindsError`.
    """
    rule = law.rule(request.rule)
    if request.version is not None:
        return find_version(law, rule, request.version)
    if request.registered_version is not None:
        return law.version(request.registered_version)
    return _governing_version(law, request)


def explain_choice(
    law: Law, request: ExplainRequest, version: Version, revisions: Sequence[Revision]
) -> Iterator[str]:
    """Explain line by line why it is this version, and who installed it when."""
    rule = law.rule(request.rule)
    reason, since = _choice_reason(law, request, version), _in_force(version, rule)
    yield f"version {version.key}: {reason}; in force {since}"
    if version.jurisdiction is not None:
        yield f"version {version.key}: {_describe_overlay(law, request, version)}"
    yield from _describe_revisions(version, revisions)


def find_version(law: Law, rule: Rule, key: str) -> Version:
    """Find a version of a rule by its key.

    Raises `UnknownError`, and `InvalidError` for a version of another rule.
    """
    try:
        version = law.version(key)
    except UnknownError as error:
        ours = [one for one in error.known if one.startswith(f"{rule.code}@")]
        raise UnknownError(error.kind, key, ours) from None
    if version.rule != rule.code:
        mistake = Mistake("version", repr(key), f"a version of {rule.code}")
        raise InvalidError("request", [mistake])
    return version


def _governing_version(law: Law, request: ExplainRequest) -> Version:
    return law.version_for(
        request.rule, request.authority, request.expires_on, request.issued_on
    )


def _choice_reason(law: Law, request: ExplainRequest, version: Version) -> str:
    if request.version is None:
        return f"{_picking_date(request, version)} picks it"
    try:
        governing = _governing_version(law, request)
    except (NotInForceError, NeverRemindsError):
        return "asked for by name; no version governs these dates by itself"
    if governing.key == version.key:
        return f"asked for by name; {_picking_date(request, version)} picks it too"
    day = _picking_date(request, governing)
    return f"asked for by name; {day} picks {governing.key}"


def _picking_date(request: ExplainRequest, version: Version) -> str:
    expiry = f"the expiry date {request.expires_on}"
    if version.governs == "expiry":
        return expiry
    if request.issued_on is None:
        return f"{expiry}, because the issue date is unknown,"
    return f"the issue date {request.issued_on}"


def _in_force(version: Version, rule: Rule) -> str:
    since = f"from {version.in_force_from}"
    if version.in_force_until is not None:
        return f"{since} until {version.in_force_until}"
    later = [
        one
        for one in rule.versions
        if one.jurisdiction == version.jurisdiction
        and one.in_force_from > version.in_force_from
    ]
    if not later:
        return f"{since} on"
    follows = min(later, key=lambda one: one.in_force_from)
    return f"{since} until {follows.key} follows on {follows.in_force_from}"


def _describe_overlay(law: Law, request: ExplainRequest, version: Version) -> str:
    code = version.jurisdiction or ""
    office = law.authorities.get(code)
    place = f"{office.name.en} ({code})" if office else code
    rule = law.rule(request.rule)
    try:
        general = rule.version_for(request.expires_on, request.issued_on).key
    except NotInForceError:
        return f"the law of {place} and below; no general version is in force"
    return f"the law of {place} and below, in place of the general {general}"


def _describe_revisions(
    version: Version, revisions: Sequence[Revision]
) -> Iterator[str]:
    """Say who installed each revision of the version's series, in order."""
    keys = [revision.key for revision in revisions]
    if version.key not in keys:
        return
    active = [one.key for one in revisions if one.state == "active"]
    installed = [
        f"{one.key.removeprefix(version.series)[1:]} by {one.applied_by} on "
        f"{one.applied_at:%Y-%m-%d %H:%M} UTC ({_revision_state(one, active)})"
        for one in revisions
    ]
    place = keys.index(version.key) + 1
    yield (
        f"version {version.key}: revision {place} of {len(keys)}; installed: "
        f"{', '.join(installed)}"
    )


def _revision_state(revision: Revision, active: Sequence[str]) -> str:
    if revision.state != "active":
        return revision.state
    return "in force" if revision.key == active[-1] else "former"
