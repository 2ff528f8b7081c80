"""Reports of past weeks, whatever happens after them."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from service.adapters.templates.library import JinjaTemplateLibrary
from service.domain.reports.period import next_period, week_of
from service.domain.reports.weekly import Report
from tests.depth import by_depth
from tests.flow.ledger import PREPARE, START, Ledger, permit
from tests.flow.reports.test_issue import issued, report
from tests.flow.sending.test_journey import Journey

DAY = timedelta(days=1)
ZONE = ZoneInfo("Asia/Shanghai")


class Issues(Journey):
    """Prints the report of each week as it ends, and again after every step."""

    def start(self, ledger: Ledger) -> None:
        self.run(ledger.go_live(permit().rule, live_from=START))
        ledger.clock.move_to(PREPARE - DAY)
        self.week = week_of(PREPARE, ZONE)
        self.reports = list[Report]()

    @rule(days=st.sampled_from([1, 1, 4, 7, 20, 60]), hour=st.integers(0, 23))
    def the_clock_moves(self, days: int, hour: int) -> None:
        now = self.ledger.clock.now() + days * DAY
        now = now.replace(hour=hour, minute=30)
        if now.date() > date(2025, 1, 31):
            return
        self.ledger.clock.move_to(now)
        while self.week.ends_at <= now:
            self.reports.append(self.run(report(self.ledger, self.week)))
            self.week = next_period(self.week)
        self.run(self.ledger.expand(now))

    @invariant()
    def no_issue_changes(self) -> None:
        for first in self.reports[-3:]:
            assert issued(self.run(report(self.ledger, first.period))) == issued(first)

    @invariant()
    def issues_add_up(self) -> None:
        now: datetime = self.ledger.clock.now()
        unfinished = self.run(report(self.ledger, self.week, now))
        before = [*self.reports, unfinished]
        for one, following in pairwise(before):
            sums = following.sums
            assert sums.total == one.sums.total + sums.restated + sums.this
            assert sums.previous == one.sums.this


@pytest.mark.deep
def test_a_report_of_a_past_week_never_changes_and_reports_add_up(
    prepared: Path, words: JinjaTemplateLibrary
) -> None:
    class Here(Issues):
        def __init__(self) -> None:
            super().__init__(prepared, words)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=by_depth(quick=1, deep=25),
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
