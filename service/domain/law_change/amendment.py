"""A rule with one version more, or with another text of one it has."""

from dataclasses import replace

from service.domain.errors import InvalidError, Mistake
from service.domain.law.rule import Rule, Version
from service.domain.lawbook.rule_check import find_overlaps


def with_version(rule: Rule, version: Version, where: str) -> Rule:
    """Put a version into its series of the rule, in place of any that stands there.

    Raises `InvalidError` at `where` for versions that would overlap.
    """
    others = [one for one in rule.versions if one.series != version.series]
    amended = replace(rule, versions=(*others, version))
    mistakes = [
        Mistake(key, str(found), expected)
        for key, found, expected in find_overlaps(amended.versions)
    ]
    if mistakes:
        raise InvalidError(where, mistakes)
    return amended
