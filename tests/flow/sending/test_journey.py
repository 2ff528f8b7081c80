"""One permit through whatever may happen to it, in any order."""

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Awaitable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.delivery.outcome import (
    Accepted,
    NotPosted,
    RefusalKind,
    Refused,
    Unknown,
)
from service.domain.delivery.status import RANK, MessageState
from service.domain.permits.permit import PermitStatus
from tests.depth import by_depth
from tests.flow.ledger import (
    EXPIRES,
    LANDLINE,
    LAST_CALL,
    PHONE_1,
    PHONE_2,
    PREPARE,
    Ledger,
    open_ledger,
    permit,
    word,
)

T = TypeVar("T")

INSTANTS = [
    PREPARE - timedelta(days=2),
    PREPARE + timedelta(hours=1),
    PREPARE + timedelta(hours=12),
    PREPARE + timedelta(days=4),
    LAST_CALL + timedelta(hours=2),
    LAST_CALL + timedelta(days=3, hours=2),
    LAST_CALL + timedelta(days=9),
]
OUTCOMES = [
    Accepted("", MessageState.ACCEPTED),
    Unknown("timeout"),
    NotPosted(),
    Refused(RefusalKind.RETRY_SAFE, "20429", "HTTP 429"),
    Refused(RefusalKind.OPTED_OUT, "21610", "HTTP 400"),
    Refused(RefusalKind.BAD_CONTENT, "21617", "HTTP 400"),
]
REPORTED = sorted(state for state in MessageState if RANK[state])
WAITED = "UPDATE reminders SET retry_at = NULL WHERE retry_at IS NOT NULL"


class Journey(RuleBasedStateMachine):
    """Holds the ledger to its promises after every step."""

    def __init__(self, prepared: Path, words: JinjaTemplateLibrary) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name) / "ledger.db"
        shutil.copy(prepared, file)
        self.runner = asyncio.Runner()
        self.ledger: Ledger = open_ledger(file, words)
        self.start(self.ledger)
        self.run(self.ledger.register(permit()))

    def start(self, ledger: Ledger) -> None:
        self.run(ledger.go_live(permit().rule, live_from=INSTANTS[0]))

    def run(self, work: Awaitable[T]) -> T:
        async def done() -> T:
            return await work

        return self.runner.run(done())

    def teardown(self) -> None:
        self.run(self.ledger.database.dispose())
        self.runner.close()
        self.folder.cleanup()

    @rule(now=st.sampled_from(INSTANTS))
    def the_clock_moves(self, now: datetime) -> None:
        self.run(self.ledger.expand(now))

    @rule(
        status=st.sampled_from([*[PermitStatus.ACTIVE] * 3, *PermitStatus]),
        expires_on=st.sampled_from([EXPIRES, EXPIRES, date(2024, 12, 27)]),
        filed=st.sampled_from([None, None, date(2024, 9, 1)]),
        phone=st.sampled_from([PHONE_1, PHONE_1, PHONE_2, LANDLINE]),
    )
    def the_register_says(
        self, status: PermitStatus, expires_on: date, filed: date | None, phone: str
    ) -> None:
        told: dict[str, Any] = {"status": status, "expires_on": expires_on}
        told |= {"renewal_filed_on": filed, "phones": (phone,)}
        self.run(self.ledger.register(permit(**told)))

    @rule()
    def the_office_withdraws_it(self) -> None:
        self.run(self.ledger.withdraw(permit()))

    @rule(outcome=st.sampled_from(OUTCOMES), lost=st.booleans())
    def the_worker_sends(self, outcome: Any, *, lost: bool) -> None:  # noqa: ANN401 - the port's
        provider = self.ledger.provider
        provider.lost = lost and isinstance(outcome, Unknown)
        provider.script = [] if isinstance(outcome, Accepted) else [outcome]
        self.ledger.tamper(WAITED)
        self.run(self.ledger.send())

    @rule()
    def the_provider_is_asked(self) -> None:
        self.run(self.ledger.settle(patience=-timedelta(minutes=5)))

    @precondition(lambda self: self.ledger.provider.taken)
    @rule(data=st.data(), by_ref=st.booleans())
    def the_provider_reports(self, data: st.DataObject, *, by_ref: bool) -> None:
        taken = data.draw(st.sampled_from(self.ledger.provider.taken))
        state = data.draw(st.sampled_from(REPORTED))
        ref = self.posted(taken.provider_id) if by_ref else None
        self.run(self.ledger.receive(word(state, taken.provider_id, ref=ref)))

    @rule(wish=st.sampled_from(["STOP", "START"]), sid=st.uuids())
    def the_holder_texts(self, wish: str, sid: object) -> None:
        self.run(self.ledger.hear(wish, PHONE_1, str(sid)))

    def posted(self, provider_id: str) -> str:
        return self.ledger.provider.posted[int(provider_id.removeprefix("SM")) - 1].id

    @invariant()
    def the_ledger_adds_up(self) -> None:
        assert self.run(self.ledger.audit()) == []

    @invariant()
    def no_message_is_posted_twice(self) -> None:
        ids = Counter(message.id for message in self.ledger.provider.posted)
        assert set(ids.values()) <= {1}

    @invariant()
    def no_step_reaches_the_holder_twice(self) -> None:
        rows = self.ledger.rows("SELECT * FROM message_reminders")
        key = ("permit_id", "expires_on", "step")
        step = {row["message_id"]: tuple(row[one] for one in key) for row in rows}
        taken = [self.posted(it.provider_id) for it in self.ledger.provider.taken]
        told = Counter(step[one.replace("-", "")] for one in taken)
        assert set(told.values()) <= {1}, told


@pytest.mark.deep
def test_whatever_happens_in_any_order_the_ledger_adds_up_and_nobody_is_texted_twice(
    prepared: Path, words: JinjaTemplateLibrary
) -> None:
    class Here(Journey):
        def __init__(self) -> None:
            super().__init__(prepared, words)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=by_depth(quick=3, deep=12),
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
