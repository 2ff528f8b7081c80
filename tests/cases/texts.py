"""Rule files as plain TOML, and which of their versions governs a permit."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, cast

Table = Mapping[str, Any]


def rules_of(folder: Path) -> dict[str, Table]:
    """Every rule file as plain TOML, by code, with overlays applied."""
    texts = [tomllib.loads(path.read_text("utf-8")) for path in folder.rglob("*.toml")]
    rules: dict[str, Table] = {
        text["code"]: text for text in texts if "over" not in text
    }
    for text in texts:
        if "over" in text:
            versions = rules[text["over"]]["versions"]
            versions += [
                _apply_overlay(versions, one, text["authority"])
                for one in text["versions"]
            ]
    return rules


def _apply_overlay(versions: Sequence[Table], local: Table, authority: str) -> Table:
    general = [one for one in versions if "jurisdiction" not in one]
    before = [one for one in general if _since(one) <= _since(local)]
    below = max(before, key=_since) if before else min(general, key=_since)
    return {**below, **local, "jurisdiction": authority}


def _since(version: Table) -> date:
    return cast("date", version["in_force_from"])


def find_version(
    versions: Sequence[Table],
    line: Sequence[str],
    expires_on: date,
    issued_on: date | None,
) -> Table:
    """Find the latest version in force; a nearer office's comes before the general."""
    for place in (*line, None):
        found = []
        for one in versions:
            day = issued_on if one.get("governs") == "issue" else None
            day = day or expires_on
            until = one.get("in_force_until", date.max)
            if (
                one.get("jurisdiction") == place
                and one["in_force_from"] <= day <= until
            ):
                found.append(one)
        if found:
            return max(found, key=_since)
    raise AssertionError(f"no version governs {expires_on}")
