from dataclasses import replace

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from service.adapters.store.sending.volume_guard import SqlVolumeGuardStore
from service.adapters.twilio.provider import TwilioProvider
from service.app import Installation
from service.web.application import application

Http = TestClient[web.Request, web.Application]


async def test_a_living_process_says_so_to_anybody(stranger: Http) -> None:
    for method in ("GET", "HEAD"):
        async with stranger.request(method, "/healthz") as answer:
            assert answer.status == 200


async def test_a_service_that_can_work_is_ready(stranger: Http) -> None:
    async with stranger.get("/readyz") as answer:
        assert answer.status == 200
        assert await answer.json() == {"ready": True, "wrong": {}}


async def test_a_service_whose_breaker_is_open_says_what_is_wrong(
    stranger: Http, installation: Installation
) -> None:
    await installation.pause_store.pause(
        "all", "breaker", "account: 20003", installation.clock.now()
    )
    async with stranger.get("/readyz") as answer:
        assert answer.status == 503
        wrong = {"paused all": "account: 20003"}
        assert await answer.json() == {"ready": False, "wrong": wrong}
    async with stranger.get("/healthz") as answer:
        assert answer.status == 200


async def test_a_service_that_holds_a_day_is_not_ready(
    stranger: Http, installation: Installation
) -> None:
    store, now = SqlVolumeGuardStore(installation.database), installation.clock.now()
    assert await store.pause_office("990000", now.date(), "1,204 reminders today", now)
    await installation.pause_store.pause("rule:x", "ann", "a person's own pause", now)
    async with stranger.get("/readyz") as answer:
        assert answer.status == 503
        wrong = {"paused office:990000": "1,204 reminders today"}
        assert await answer.json() == {"ready": False, "wrong": wrong}


async def test_a_service_whose_passes_fail_says_why(
    installation: Installation, carrier: TwilioProvider
) -> None:
    reasons = [None, "templates: digest zh version 2 is too long"]
    services = replace(installation, last_failure=lambda: reasons[0])
    async with TestClient(TestServer(application(services, carrier))) as http:
        for status, wrong in ((200, {}), (503, {"tick": reasons[1]})):
            async with http.get("/readyz") as answer:
                assert answer.status == status
                assert (await answer.json())["wrong"] == wrong
            del reasons[0]


async def test_a_probe_takes_no_parameters(stranger: Http) -> None:
    async with stranger.get("/healthz?deep=1") as answer:
        assert answer.status == 422
