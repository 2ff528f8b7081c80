"""Rule files and authority files: TOML on disk, checked, all mistakes at once."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from service.adapters.files.read import read_text, read_toml
from service.domain.calendars.calendar import Calendar
from service.domain.errors import InvalidError, Mistake, SetUpError
from service.domain.law.authority import Authority
from service.domain.law.rule import Rule
from service.domain.lawbook.overlay import complete_overlay
from service.domain.templates.rule_texts import TextCheck
from service.formats.authority import NO_AUTHORITIES, parse_authorities
from service.formats.rule import parse_overlay, parse_rule


def read_rules(
    source: Path,
    *,
    templates: Collection[str],
    calendars: Mapping[str, Calendar],
    only: str | None = None,
    check_texts: TextCheck | None = None,
    today: date | None = None,
) -> dict[str, Rule]:
    """Read one rule file, or every one of a folder and those inside it, by code.

    A file with `over` lays an authority's own versions over those of the rule it
    names, field by field. `only` reads just the rule of this code, with its overlays.
    A source checked after `today`, the UTC date, is a mistake, and so is what
    `check_texts` finds.
    Raises `SetUpError` where there is no file, and `InvalidError` with the mistakes of
    all files, each naming its file in the folder.
    """
    folder = source if source.is_dir() else source.parent
    paths = sorted(source.rglob("*.toml")) if source.is_dir() else [source]
    if not paths:
        message = f"{folder}: no rule files (*.toml) here; name the right folder"
        raise SetUpError(message)
    mistakes = list[Mistake]()
    rules, texts = dict[str, Rule](), dict[str, Mapping[str, object]]()
    overlays = list[tuple[Path, Mapping[str, object]]]()
    read = partial(
        parse_rule,
        templates=templates,
        calendars=calendars,
        check_texts=check_texts,
        today=today,
    )
    for path in paths if only is None else _files_about(only, paths):
        with _collect_mistakes(path.relative_to(folder), mistakes):
            values: Mapping[str, object] = read_toml(path)
            if "over" in values:
                overlays.append((path, values))
                continue
            rule = read(values, str(path))
            if rule.code in rules:
                taken = Mistake("code", rule.code, "a code no other file has")
                raise InvalidError(str(path), [taken])
            rules[rule.code], texts[rule.code] = rule, values
    for path, values in overlays:
        with _collect_mistakes(path.relative_to(folder), mistakes):
            overlay = parse_overlay(values, str(path), rules=texts)
            base = rules[overlay.over]
            complete = complete_overlay(texts[base.code], values)
            local = read(complete, str(path)).versions
            rules[base.code] = replace(base, versions=base.versions + local)
    if mistakes:
        named = (
            mistakes if source.is_dir() else [replace(m, file=None) for m in mistakes]
        )
        raise InvalidError(str(source), named)
    return rules


def _files_about(code: str, paths: Sequence[Path]) -> list[Path]:
    """Find the file of a rule and its overlays by their text: TOML takes longer."""
    key = re.compile(rf"""^(?:code|over) *= *["']{re.escape(code)}["']""", re.MULTILINE)
    return [path for path in paths if key.search(read_text(path))]


def read_authorities(
    path: Path,
    *,
    calendars: Collection[str],
    known: Mapping[str, Authority] = NO_AUTHORITIES,
) -> dict[str, Authority]:
    """Read an authority file by codes; `known` are those already installed.

    Raises `InvalidError` or `SetUpError`.
    """
    values = read_toml(path)
    return parse_authorities(values, str(path), calendars=calendars, installed=known)


@contextmanager
def _collect_mistakes(path: Path, mistakes: list[Mistake]) -> Iterator[None]:
    """Collect the mistakes of one file, each saying which."""
    try:
        yield
    except InvalidError as error:
        mistakes += [replace(one, file=str(path)) for one in error.mistakes]
