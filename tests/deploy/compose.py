"""The compose files, read as Docker does: extensions merged, variables filled in."""

import re
from pathlib import Path
from typing import Any, Final

import yaml

from tests.docs.pages import ROOT

FILES: Final = {
    "sqlite": ROOT / "compose.yaml",
    "postgres": ROOT / "deploy/compose.yaml",
}

IMAGE: Final = "permit-reminders"
"""The image of our own Dockerfile; all others are somebody else's."""


def load_compose(file: Path, given: dict[str, str]) -> Any:  # noqa: ANN401 - YAML
    """A compose file with these variables."""
    return _fill(yaml.safe_load(file.read_text("utf-8")), given)


def _fill(value: Any, given: dict[str, str]) -> Any:  # noqa: ANN401 - any part of it
    if isinstance(value, dict):
        return {name: _fill(one, given) for name, one in value.items()}
    if isinstance(value, list):
        return [_fill(one, given) for one in value]
    if not isinstance(value, str):
        return value
    return re.sub(
        r"\$\{(\w+)(?::-|:\?)[^}]*\}", lambda found: given.get(found[1], ""), value
    )


def own_services(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The services that run our image."""
    services = document["services"].items()
    return {name: one for name, one in services if one["image"] == IMAGE}


def image_settings() -> dict[str, str]:
    """The environment that the Dockerfile gives its image."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    return dict(re.findall(r"(PERMIT_REMINDERS_\w+)=(\S+)", text))
