"""The sandbox as tests use it: faults, messages, texts of phones, and its log."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from service.sandbox.faults import Fault

JsonList = Sequence[Mapping[str, Any]]


class SandboxClient:
    """Speaks to the backstage of the sandbox at `url`, over a session of yours.

    Raises aiohttp.ClientResponseError for what the sandbox refuses.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url.rstrip("/")

    async def put(self, *faults: Fault) -> JsonList:
        """Replace all faults by these, the outermost first."""
        return await self._request("PUT", "faults", [one.as_json() for one in faults])

    async def clear(self) -> JsonList:
        """Lift all faults; what hangs is cut off, and what is late comes now."""
        return await self._request("DELETE", "faults")

    async def faults(self) -> JsonList:
        """List the faults in force, each with what it `met` and `struck`, or `over`."""
        return await self._request("GET", "faults")

    async def messages(self) -> JsonList:
        """Every message ever taken, with its `statuses` and its raw `form`."""
        return await self._request("GET", "messages")

    async def text(
        self, sender: str, to: str, body: str, url: str, opt_out_type: str | None = None
    ) -> str:
        """Let a phone write, signed, to `url`; returns the HTTP status it answered.

        Or `ct` where nobody was there, `rt` where nobody answered, `lost` by a fault.
        `wish` is the OptOutType of a service with Advanced Opt-Out.
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
            told: JsonList = await answer.json()
            return told


def read_log(folder: Path) -> JsonList:
    """Every event so far; a last line that is still being written is left out."""
    lines = (folder / "messages.jsonl").read_bytes().splitlines(keepends=True)
    return [orjson.loads(line) for line in lines if line.endswith(b"\n")]
