"""The shipped law with an office for each calendar, and the reference data."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.adapters.calendars.holidays import calendars
from service.adapters.rules.files import read_authorities, read_rules
from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.law.authority import Authority
from service.domain.law.rule import Rule
from service.domain.lawbook.law import Law

ROOT = Path(__file__).parents[2]
SCHEDULES = ROOT / "schedules"
SHARED = ROOT.parent / "shared/reference/regulations-cn.json"
WORDS = JinjaTemplateLibrary(ROOT / "templates")


def _offices() -> dict[str, Authority]:
    file = ROOT / "examples/authorities.toml"
    shipped = read_authorities(file, calendars=calendars())
    zone = ZoneInfo("Europe/London")
    london = replace(shipped["us-nyc"], code="gb-london", calendar="GB", zone=zone)
    return {one.code: one for one in (*shipped.values(), london)}


OFFICES = _offices()
"""Linjiang, New York, and London, which has New York's words."""

RULES = read_rules(SCHEDULES, templates=WORDS.step_templates(), calendars=calendars())
LAW = Law(RULES, OFFICES, calendars())


def office_for(rule: Rule) -> str:
    """The example office on the calendar of a rule."""
    return next(one.code for one in OFFICES.values() if one.calendar == rule.calendar)


def reminds(rule: Rule) -> bool:
    """Whether a rule sends any texts."""
    return rule.never is None and any(
        version.steps and version.reference.confidence != "unverified"
        for version in rule.versions
    )


def reference_rows(key: str) -> list[Mapping[str, Any]]:
    """A list of the reference data; skips the test if there is none."""
    if not SHARED.exists():
        pytest.skip("../shared is not here, so the catalogue is not held against it")
    entries: list[Mapping[str, Any]] = json.loads(SHARED.read_text("utf-8"))[key]
    return entries
