"""A client of the sandbox's control API, for tests."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from service.sandbox.faults import Fault

JsonList = Sequence[Mapping[str, Any]]


class SandboxClient:
    """Calls the control API of the sandbox at `url`, over the caller's session.

    Raises aiohttp.ClientResponseError if the sandbox refuses a request.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url.rstrip("/")

    async def put(self, *faults: Fault) -> JsonList:
        """Replace all faults by these; the first wraps the others."""
        return await self._request("PUT", "faults", [one.as_json() for one in faults])

    async def clear(self) -> JsonList:
        """Remove all faults; hanging requests end, and delayed callbacks go out now."""
        return await self._request("DELETE", "faults")

    async def faults(self) -> JsonList:
        """List the active faults, each with `met` and `struck` counts and `over`."""
        return await self._request("GET", "faults")

    async def messages(self) -> JsonList:
        """List all messages, deleted ones too, with their `statuses` and raw `form`."""
        return await self._request("GET", "messages")

    async def text(
        self, sender: str, to: str, body: str, url: str, opt_out_type: str | None = None
    ) -> str:
        """Post an inbound text, signed, to `url`; returns the result.

        That is the HTTP status, `ct` without a connection, `rt` without an answer, or
        `lost` if a fault withheld it. `opt_out_type` is set by a messaging service
        with Advanced Opt-Out.
        """
        form = {"From": sender, "To": to, "Body": body, "Url": url}
        if opt_out_type:
            form["OptOutType"] = opt_out_type
        async with self._session.post(
            f"{self.url}/_sandbox/inbound", data=form, raise_for_status=True
        ) as answer:
            return str((await answer.json())["result"])

    async def _request(self, method: str, path: str, sent: object = None) -> JsonList:
        async with self._session.request(
            method, f"{self.url}/_sandbox/{path}", json=sent, raise_for_status=True
        ) as answer:
            answered: JsonList = await answer.json()
            return answered


def read_log(folder: Path) -> JsonList:
    """Return every event so far, without a last line that is still incomplete."""
    lines = (folder / "messages.jsonl").read_bytes().splitlines(keepends=True)
    return [orjson.loads(line) for line in lines if line.endswith(b"\n")]
