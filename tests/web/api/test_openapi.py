"""The OpenAPI document is valid, and fuzzed requests get documented answers."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.domain.permits.permit_fields import FIELDS, REQUIRED
from tests.depth import by_depth
from tests.surface.http_lines import DOCUMENT

Http = TestClient[web.Request, web.Application]

OPERATIONS = [
    (f"{method} {path}", operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
CONFIG = Path(__file__).with_name("schemathesis.toml")

QUICK = ("--phases", "fuzzing", "--max-examples", "2")
DEEP = ("--max-examples", "10")
"""Options of schemathesis; without `--phases` it runs all of them."""


async def test_the_document_is_served_and_valid(http: Http) -> None:
    async with http.get("/openapi.json") as answer:
        assert answer.content_type == "application/json"
        served = await answer.json()
    assert served == DOCUMENT
    OpenAPIV31SpecValidator(served).validate()


@pytest.mark.parametrize(
    ("name", "operation"), OPERATIONS, ids=[n for n, _ in OPERATIONS]
)
def test_every_operation_and_parameter_is_described(
    name: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"], name
    assert all(one["description"] for one in operation["parameters"])


@pytest.mark.parametrize(("name", "schema"), DOCUMENT["components"]["schemas"].items())
def test_every_field_of_a_body_and_an_answer_is_described(
    name: str, schema: dict[str, Any]
) -> None:
    for field, described in schema.get("properties", {}).items():
        assert described.get("description"), f"{name}.{field}"


def test_the_body_of_a_permit_has_the_fields_of_the_contract() -> None:
    fields = DOCUMENT["components"]["schemas"]["PermitFields"]
    assert set(fields["properties"]) == set(FIELDS)
    assert set(fields["required"]) == set(REQUIRED) - {"rule", "number"}
    assert fields["additionalProperties"] is False


@pytest.mark.deep
@pytest.mark.timeout(300)
async def test_whatever_is_sent_the_service_answers_as_documented(
    server: TestServer, key: str, tmp_path: Path
) -> None:
    schemathesis = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli"),
        *("--config-file", str(CONFIG), "run"),
        str(server.make_url("/openapi.json")),
        *("--header", f"Authorization: Bearer {key}"),
        *("--checks", "all"),
        *by_depth(quick=QUICK, deep=DEEP),
        *("--generation-deterministic", "--no-color"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        told, _ = await schemathesis.communicate()
    finally:
        if schemathesis.returncode is None:
            schemathesis.kill()
            await schemathesis.wait()
    assert schemathesis.returncode == 0, told.decode()
