"""Probes: whether the process lives, and whether it can do its work."""

from http import HTTPStatus

from aiohttp import web
from pydantic import BaseModel, Field

from service.web.api.endpoint import endpoint, json_reply
from service.web.services import Services


class Alive(BaseModel):
    """The process answers."""

    alive: bool = Field(default=True, description="always true")


class Readiness(BaseModel):
    """Whether requests should come here."""

    ready: bool = Field(description="whether the service can do its work")
    wrong: dict[str, str] = Field(description="what is wrong, by part")


@endpoint("GET", "/healthz", {200: Alive}, public=True)
async def healthz(_: Services) -> Alive:
    """Say that the process lives; restart it if this does not answer."""
    return Alive(alive=True)


@endpoint("GET", "/readyz", {200: Readiness, 503: Readiness}, public=True)
async def readyz(services: Services) -> web.Response:
    """Say whether the service can do its work: 503 with what is wrong."""
    wrong = dict(await services.health.problems(of_sending=services.sends))
    if reason := services.last_failure():
        wrong["tick"] = reason
    status = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
    return json_reply(Readiness(ready=not wrong, wrong=wrong), status)
