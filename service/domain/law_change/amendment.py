"""A rule with one version more, or with another text of one it has."""

from dataclasses import replace

from service.domain.errors import ConflictError, InvalidError, Mistake
from service.domain.law.rule import Rule, Version
from service.domain.lawbook.rule_check import find_overlaps


def with_version(rule: Rule, version: Version, where: str) -> Rule:
    """Put a version into its series of the rule, in place of any that stands there.

    Raises `InvalidError` at `where` for versions that would overlap, and
    `ConflictError` for a type that was abolished: no law can govern it any more.
    """
    if rule.never and rule.never.because == "abolished":
        raise ConflictError(
            f"{rule.code}: abolished, so it takes no new version: {rule.never.why.en}; "
            "if it exists again, install its rule file: permit-reminders rules apply"
        )
    others = [one for one in rule.versions if one.series != version.series]
    amended = replace(rule, versions=(*others, version))
    mistakes = [
        Mistake(key, str(found), expected)
        for key, found, expected in find_overlaps(amended.versions)
    ]
    if mistakes:
        raise InvalidError(where, mistakes)
    return amended
