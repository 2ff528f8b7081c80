"""The loaded law: rules, authorities and calendars, and the dates they give."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Final, TypeVar

from service.domain.calendars.calendar import Calendar
from service.domain.calendars.office_year import CalendarYear
from service.domain.deadlines.ladder import LadderComputation, compute_ladder
from service.domain.deadlines.slot import Ladder
from service.domain.errors import UnknownError
from service.domain.law.authority import Authority
from service.domain.law.rule import RESERVED_STEPS, Rule, Version
from service.domain.law.step_order import StepOrder

T = TypeVar("T")

LADDER_CACHE_SIZE: Final = 20_000
"""Ladders in the cache: enough for twelve rules and four years of expiry dates."""


class Law:
    """One state of the law; immutable.

    `calendars` are the `published_calendars` with the `office_years` laid over them.
    `shadow_versions` are computed for comparison and never send. Two states with the
    same `digest` are equal.
    """

    def __init__(
        self,
        rules: Mapping[str, Rule],
        authorities: Mapping[str, Authority],
        calendars: Mapping[str, Calendar],
        former_versions: Iterable[Version] = (),
        shadow_versions: Iterable[Version] = (),
        *,
        published_calendars: Mapping[str, Calendar] | None = None,
        office_years: Iterable[CalendarYear] = (),
        digest: str = "",
    ) -> None:
        self.digest = digest
        self.rules, self.authorities = dict(rules), dict(authorities)
        self.calendars = dict(calendars)
        self.published_calendars, self.office_years = (
            dict(published_calendars or calendars),
            tuple(office_years),
        )
        self.shadow_versions = tuple(shadow_versions)
        self._versions = {
            version.key: version
            for version in (*former_versions, *self.shadow_versions)
        }
        self._series = dict[str, Version]()
        for rule in rules.values():
            for version in sorted(rule.versions, key=lambda one: one.revision):
                self._versions[version.key] = self._series[version.series] = version
        self._cached_ladder = lru_cache(LADDER_CACHE_SIZE)(self._uncached_ladder)
        self._step_orders = dict[str, StepOrder]()

    def rule(self, code: str) -> Rule:
        """Look up a rule; raises `UnknownError`."""
        return _look_up("rule", code, self.rules)

    def authority(self, code: str) -> Authority:
        """Look up an authority; raises `UnknownError`."""
        return _look_up("authority", code, self.authorities)

    def calendar(self, code: str) -> Calendar:
        """Look up a calendar; raises `UnknownError`."""
        return _look_up("calendar", code, self.calendars)

    def version(self, key: str) -> Version:
        """Look up any version by its key: in force, former or shadow.

        Raises `UnknownError`.
        """
        return _look_up("version", key, self._versions)

    def has_version(self, key: str) -> bool:
        """Whether a version with this key is, or ever was, installed."""
        return key in self._versions

    def versions_not_in(self, other: "Law") -> list[Version]:
        """List the versions in force that another law never had."""
        return [
            version
            for rule in self.rules.values()
            for version in rule.versions
            if not other.has_version(version.key)
        ]

    def versions_with_template(self, template: str) -> Iterator[tuple[Rule, Version]]:
        """The versions in force that may send a template, with their rules.

        Every one of them may send the templates of `RESERVED_STEPS`.
        """
        for rule in self.rules.values():
            for version in rule.versions if rule.never is None else ():
                used = {step.template for step in version.steps}
                if template in {*RESERVED_STEPS, *used}:
                    yield rule, version

    def current_version(self, series: str) -> Version:
        """Look up the version in force of a series; raises `UnknownError`."""
        return _look_up("version", series, self._series)

    def step_order(self, rule_code: str) -> StepOrder:
        """The order of a rule's steps, by all its versions in force and former."""
        if rule_code not in self._step_orders:
            self._step_orders[rule_code] = StepOrder(
                {
                    version.key: version.step_names
                    for version in self._versions.values()
                    if version.rule == rule_code
                }
            )
        return self._step_orders[rule_code]

    def with_shadow_versions(self, keys: Collection[str]) -> "Law":
        """A copy in which these shadow versions are in force, each for its series."""
        rules = dict(self.rules)
        for version in map(self.version, keys):
            rule = rules[version.rule]
            others = [one for one in rule.versions if one.series != version.series]
            rules[rule.code] = replace(rule, versions=(*others, version))
        return Law(
            rules,
            self.authorities,
            self.calendars,
            self._versions.values(),
            published_calendars=self.published_calendars,
            office_years=self.office_years,
        )

    def version_for(
        self,
        rule_code: str,
        authority_code: str,
        expires_on: date,
        issued_on: date | None = None,
    ) -> Version:
        """Find the version that governs a permit of an authority.

        Raises `UnknownError`, `NotInForceError` and `NeverRemindsError`.
        """
        line = self.lineage(authority_code)
        return self.rule(rule_code).version_for(expires_on, issued_on, line)

    def lineage(self, authority_code: str) -> tuple[str, ...]:
        """List an authority and those above it, upwards; raises `UnknownError`."""
        office = self.authority(authority_code)
        codes = [office.code]
        while office.parent is not None:
            office = self.authority(office.parent)
            codes.append(office.code)
        return tuple(codes)

    def subtree(self, authority_code: str) -> tuple[str, ...]:
        """List an authority and all below it; raises `UnknownError`."""
        codes = [self.authority(authority_code).code]
        for code in codes:
            codes += [
                one.code for one in self.authorities.values() if one.parent == code
            ]
        return tuple(codes)

    def default_authority(self, code: str | None) -> Authority:
        """Look up the authority to use where a request names none.

        It is the one of the settings, `code`, or else the only one installed. Raises
        `UnknownError` if there are several, or none.
        """
        if code is None and len(self.authorities) == 1:
            return next(iter(self.authorities.values()))
        return _look_up("authority", code or "(none named)", self.authorities)

    def sending_office(self, authority_code: str) -> Authority:
        """Find the office that texts for an authority: itself, or the nearest above it.

        Raises `UnknownError` if none of them sends.
        """
        office = self.authority(authority_code)
        while not office.sends and office.parent is not None:
            office = self.authority(office.parent)
        if office.sends:
            return office
        raise UnknownError("sender for authority", authority_code)

    def sending_offices(
        self, left_out: Collection[str] = ()
    ) -> Mapping[str, Authority]:
        """The office that texts for each authority, if any; but for those left out."""
        found = dict[str, Authority]()
        for code in self.authorities:
            with suppress(UnknownError):
                found[code] = self.sending_office(code)
        return {code: its for code, its in found.items() if its.code not in left_out}

    def ladder(
        self, rule_code: str, version: Version, authority_code: str, expires_on: date
    ) -> Ladder:
        """The window and slots of one expiry date by a version, for an authority.

        The authority's settings decide how days are counted; the sending office's zone,
        hours and calendar decide when texts go out. Raises `UnknownError`, and
        `InvalidError` for a date outside the calendars.
        """
        return self._cached_ladder(rule_code, version, authority_code, expires_on)

    def compute_ladder(
        self, rule_code: str, version: Version, authority_code: str, expires_on: date
    ) -> LadderComputation:
        """Compute the same as `ladder`, with all steps of the computation."""
        return compute_ladder(
            self.rule(rule_code),
            version,
            expires_on,
            self.authority(authority_code),
            self.calendars,
            sender=self.sending_office(authority_code),
        )

    def _uncached_ladder(
        self, rule_code: str, version: Version, authority_code: str, expires_on: date
    ) -> Ladder:
        return self.compute_ladder(
            rule_code, version, authority_code, expires_on
        ).to_ladder()


def _look_up(kind: str, code: str, loaded: Mapping[str, T]) -> T:
    if code not in loaded:
        raise UnknownError(kind, code, tuple(loaded))
    return loaded[code]
