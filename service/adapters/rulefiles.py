"""Rule files and authority files: TOML on disk, checked, all mistakes at once."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from service.domain.authority import Authority
from service.domain.authorityfile import authorities_from
from service.domain.calendar import Calendar
from service.domain.errors import InvalidError, Mistake, SetUpError
from service.domain.rule import Rule
from service.domain.rulefile import rule_from


def read_rules(
    folder: Path, *, templates: Collection[str], calendars: Mapping[str, Calendar]
) -> dict[str, Rule]:
    """Read every rule file of a folder and those inside it, by code.

    Raises `SetUpError` where there is none, and `InvalidError` with the mistakes of
    all files, each naming its file.
    """
    paths = sorted(folder.rglob("*.toml"))
    if not paths:
        message = f"{folder}: no rule files (*.toml) here; name the right folder"
        raise SetUpError(message)
    rules, mistakes = dict[str, Rule](), list[Mistake]()
    for path in paths:
        place = str(path.relative_to(folder))
        try:
            rule = read_rule(path, templates=templates, calendars=calendars)
        except InvalidError as error:
            mistakes += [_placed(place, mistake) for mistake in error.mistakes]
            continue
        if rule.code in rules:
            taken = Mistake("code", rule.code, "a code no other file has")
            mistakes.append(_placed(place, taken))
        rules[rule.code] = rule
    if mistakes:
        raise InvalidError(str(folder), mistakes)
    return rules


def read_rule(
    path: Path, *, templates: Collection[str], calendars: Mapping[str, Calendar]
) -> Rule:
    """Read one rule file; raises `InvalidError` or `SetUpError` naming it."""
    return rule_from(_toml(path), str(path), templates=templates, calendars=calendars)


def read_authorities(path: Path, *, calendars: Collection[str]) -> dict[str, Authority]:
    """Read an authority file by codes; raises `InvalidError` or `SetUpError`."""
    return authorities_from(_toml(path), str(path), calendars=calendars)


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        message = f"{path}: {error.strerror}; name a readable file"
        raise SetUpError(message) from None
    except ValueError as error:
        mistake = Mistake("file", str(error), "TOML in UTF-8")
        raise InvalidError(str(path), [mistake]) from None


def _placed(place: str, mistake: Mistake) -> Mistake:
    return replace(mistake, field=f"{place}: {mistake.field}")
