import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from service.adapters.stoppable_provider import StoppableProvider
from service.flow.sending.provider import Provider
from tests.flow.fakes import FakeProvider

NOW = datetime(2024, 1, 29, tzinfo=UTC)

QUESTIONS: dict[str, Callable[[Provider], Awaitable[object]]] = {
    "find": lambda one: one.find(None, "+12025550142"),  # type: ignore[arg-type]
    "list_since": lambda one: one.list_since(NOW),
    "fetch_receipt": lambda one: one.fetch_receipt("SM1"),
    "fetch_receipts": lambda one: one.fetch_receipts(["SM1"], NOW),
    "is_answering": lambda one: one.is_answering(),
}


class Hanging(FakeProvider):
    """Answers no question; notes which were cut off."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = asyncio.Event()
        self.cut_off = 0

    async def _hang(self, *_: object) -> Any:  # noqa: ANN401 - any answer
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cut_off += 1

    find = list_since = fetch_receipt = fetch_receipts = is_answering = _hang  # type: ignore[assignment]


class Answering(FakeProvider):
    """Answers every question at once."""

    async def _answer(self, *_: object) -> Any:  # noqa: ANN401 - any answer
        return "an answer"

    find = list_since = fetch_receipt = fetch_receipts = _answer  # type: ignore[assignment]

    async def is_answering(self) -> bool:
        return False


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_question_under_way_is_cut_off_and_counts_as_not_answered(
    question: str,
) -> None:
    hanging, stop = Hanging(), asyncio.Event()
    asking = asyncio.ensure_future(
        QUESTIONS[question](StoppableProvider(hanging, stop.wait))
    )
    await hanging.begun.wait()
    stop.set()
    assert await asking is (True if question == "is_answering" else None)
    await asyncio.sleep(0)
    assert hanging.cut_off == 1


@pytest.mark.parametrize("question", QUESTIONS)
async def test_an_answer_comes_as_it_is(question: str) -> None:
    provider = StoppableProvider(Answering(), asyncio.Event().wait)
    answer = await QUESTIONS[question](provider)
    assert answer == (False if question == "is_answering" else "an answer")


async def test_an_error_of_a_question_is_raised() -> None:
    class Broken(FakeProvider):
        async def fetch_receipt(self, provider_id: str) -> None:
            raise LookupError(provider_id)

    provider = StoppableProvider(Broken(), asyncio.Event().wait)
    with pytest.raises(LookupError, match="SM1"):
        await provider.fetch_receipt("SM1")
