"""A rule with one version more, or with another text of one it has."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from service.domain.calendars.calendar import Calendar
from service.domain.errors import InvalidError
from service.domain.formats.rule_file import parse_rule, rule_to_dict
from service.domain.law.rule import Rule

_VERSION_PREFIX = "versions[1]."


def with_version(
    rule: Rule,
    values: Mapping[str, object],
    where: str,
    *,
    templates: Collection[str],
    calendars: Mapping[str, Calendar],
) -> Rule:
    """Read a version as it stands in a file, into its series of the rule.

    Raises `InvalidError` at `where` with all the mistakes, named as in the version.
    """
    words = {**rule_to_dict(rule), "versions": [values]}
    try:
        made = parse_rule(words, where, templates=templates, calendars=calendars)
    except InvalidError as error:
        theirs = [
            replace(one, field=one.field.removeprefix(_VERSION_PREFIX))
            for one in error.mistakes
        ]
        raise InvalidError(where, theirs) from None
    [version] = made.versions
    others = [one for one in rule.versions if one.series != version.series]
    whole = rule_to_dict(replace(rule, versions=(*others, version)))
    return parse_rule(
        whole, where, templates=templates, calendars=calendars, already_checked=True
    )
