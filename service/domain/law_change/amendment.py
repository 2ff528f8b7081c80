"""A rule with one version more, or with another text of one it has."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from service.domain.calendars.calendar import Calendar
from service.domain.errors import InvalidError
from service.domain.formats.rule_file import rule_from, rule_to
from service.domain.law.rule import Rule

_ITS_PLACE = "versions[1]."


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
    words = {**rule_to(rule), "versions": [values]}
    try:
        made = rule_from(words, where, templates=templates, calendars=calendars)
    except InvalidError as error:
        theirs = [
            replace(one, field=one.field.removeprefix(_ITS_PLACE))
            for one in error.mistakes
        ]
        raise InvalidError(where, theirs) from None
    [version] = made.versions
    others = [one for one in rule.versions if one.series != version.series]
    whole = rule_to(replace(rule, versions=(*others, version)))
    return rule_from(whole, where, templates=templates, calendars=calendars, tried=True)
