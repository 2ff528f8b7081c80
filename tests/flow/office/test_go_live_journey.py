"""A staff permit and a holder's, from trial to live, in any order of events."""

from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from service.adapters.templates.library import JinjaTemplateLibrary
from service.flow.office.go_live import add_staff, remove_staff, start_trial
from tests.depth import by_depth
from tests.flow.ledger import FOOD, OFFICE, PHONE_1, Ledger, permit
from tests.flow.sending.test_journey import INSTANTS, Journey

HOLDER = "+12125550188"


class Trial(Journey):
    """Starts on trial, with the phone of one permit as a staff phone."""

    live = False
    latest = INSTANTS[0]

    def start(self, ledger: Ledger) -> None:
        to = ledger.going_live
        self.run(add_staff(OFFICE, PHONE_1, "Li Lei", to, by="test"))
        self.run(start_trial(OFFICE, [FOOD], to, by="test"))
        self.run(ledger.register(permit("SC-0002", phones=(HOLDER,))))

    @rule(now=st.sampled_from(INSTANTS))
    def the_clock_moves(self, now: datetime) -> None:
        self.latest = max(self.latest, now)
        self.run(self.ledger.expand(now))

    @precondition(lambda self: not self.live)
    @rule(catch_up=st.sampled_from([0, 1, 3]))
    def the_office_goes_live(self, catch_up: int) -> None:
        self.live = True
        self.ledger.clock.move_to(self.latest)
        self.run(self.ledger.go_live(FOOD, catch_up_days=catch_up))

    @rule()
    def the_staff_changes(self) -> None:
        to = self.ledger.going_live
        if self.run(to.store.count_staff([OFFICE])):
            self.run(remove_staff(OFFICE, PHONE_1, to, by="test"))
        else:
            self.run(add_staff(OFFICE, PHONE_1, "Li Lei", to, by="test"))

    @invariant()
    def no_holder_is_texted_on_trial(self) -> None:
        phones = Counter(message.phone for message in self.ledger.provider.posted)
        assert self.live or phones.keys() <= {PHONE_1}


@pytest.mark.deep
def test_a_trial_texts_no_holder_and_going_live_loses_and_doubles_nobody(
    prepared: Path, words: JinjaTemplateLibrary
) -> None:
    class Here(Trial):
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
