"""Every number of a file, a request or a setting has a range, checked where read."""

import importlib
import pkgutil
from argparse import ArgumentTypeError
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from service import formats, sandbox, web
from service.domain.errors import InvalidError
from service.formats.file_model import FileModel
from service.sandbox.faults.fault import Fault
from service.sandbox.options import FLAGS
from service.settings import Settings, load_settings
from service.web.api.request_input import Parameters

READ = (FileModel, Parameters, Fault)
"""The bases of all models of files and requests."""

ANSWERS = {"Authority"}
"""A model that answers what a request said, and more."""

for package in (formats, web, sandbox):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def models(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from models(model)


def unbounded(schema: Any, where: str) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(schema, list):
        for at, one in enumerate(schema):
            yield from unbounded(one, f"{where}/{at}")
    if not isinstance(schema, dict):
        return
    if schema.get("type") in ("integer", "number"):
        has_least = schema.keys() & {"minimum", "exclusiveMinimum"}
        if not has_least or "maximum" not in schema:
            yield where
    for name, part in schema.items():
        if name not in ("default", "examples", "example"):
            yield from unbounded(part, f"{where}/{name}")


@pytest.mark.parametrize("base", [*READ, Settings])
def test_every_number_has_a_least_and_a_greatest_value(base: type[BaseModel]) -> None:
    read = [base] if base is Settings else [*dict.fromkeys(models(base))]
    found = [
        place
        for model in read
        if model.__name__ not in ANSWERS
        for place in unbounded(model.model_json_schema(), model.__name__)
    ]
    assert found == []
    assert read


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("TICK", "1e-9", "seconds, from 0.1 to 86400"),
        ("TICK", "nan", "seconds, from 0.1 to 86400"),
        ("TICK", "86401", "seconds, from 0.1 to 86400"),
        ("SETTLE", "1e-300", "seconds, from 0.001 to 86400"),
        ("SETTLE", "inf", "seconds, from 0.001 to 86400"),
        ("PORT", "65536", "0 to 65535"),
        ("PORT", "9" * 30, "0 to 65535"),
    ],
)
def test_a_setting_out_of_range_is_refused_when_it_is_read(
    name: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PERMIT_REMINDERS_{name}", value)
    with pytest.raises(InvalidError) as refused:
        load_settings()
    [mistake] = refused.value.mistakes
    assert (mistake.field, mistake.expected) == (f"PERMIT_REMINDERS_{name}", expected)


@pytest.mark.parametrize("value", ["-1", "1e9", "nan", "99999999"])
def test_a_number_of_the_sandbox_out_of_range_is_refused(value: str) -> None:
    for flag in FLAGS:
        if flag.most is not None:
            expected = f"found '{value}', expected a number from 0 to {flag.most}"
            with pytest.raises(ArgumentTypeError, match=expected):
                flag.read(value)
    assert [flag.field for flag in FLAGS if flag.most is not None] == [
        "port",
        "idle",
        "pace",
    ]
