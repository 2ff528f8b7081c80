import json
from dataclasses import replace

import pytest

from service.domain.delivery.outcome import Accepted, NotPosted
from service.flow.monotonic import monotonic_now
from tests.adapters.twilio.fake_server import Open, Serve, message, outgoing, raw, says

TAKEN = says(raw(201, json.dumps(message())))


@pytest.mark.parametrize("left", [3600.0, None])
async def test_a_post_in_time_is_written(
    opened: Open, serve: Serve, left: float | None
) -> None:
    url, asked = await serve(TAKEN)
    until = None if left is None else monotonic_now() + left
    said = await (await opened(url)).send(replace(outgoing(), post_until=until))
    assert isinstance(said, Accepted)
    assert len(asked) == 1


async def test_nothing_of_a_post_is_written_once_its_time_is_over(
    opened: Open, serve: Serve
) -> None:
    url, asked = await serve(TAKEN)
    provider = await opened(url)
    late = replace(outgoing(), post_until=monotonic_now() - 0.001)
    assert await provider.send(late) == NotPosted()
    assert asked == []
    assert isinstance(await provider.send(outgoing()), Accepted)
