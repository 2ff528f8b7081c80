"""The keys of `explain --json`, which scripts of others read."""

import asyncio
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final

import orjson
from click.testing import CliRunner

from service.cli import cli
from service.cli.reports.explain_stored import permit_fields
from service.domain.delivery.status import ReminderState
from service.domain.explain.history import ReminderHistory
from service.domain.explain.not_sent import GoLiveStage, PermitSituation
from service.domain.lawbook.version_choice import Revision
from service.domain.permits.permit import PermitStatus
from service.domain.permits.phone import PhoneLine
from service.flow.permits.find import PermitReminderView, PermitView, PhoneView
from service.flow.reports.explain import explain_permit
from tests.domain.explain.traces import CODE, law_of, version

RULES: Final = {
    "of a date": "cn-food-production-license",
    "of a permit type that never reminds": "cn-direct-selling-license",
}
"""A rule for each kind of answer that there is without a database."""

EXPIRY: Final = date(2026, 12, 31)
DUE_AT: Final = datetime(2026, 11, 11, 1, 30, tzinfo=UTC)

VERSION: Final = version()
PERMIT: Final = PermitView(
    id="1",
    authority="990000",
    rule=CODE,
    number="1",
    holder="A",
    holder_code=None,
    phones=(PhoneView("+1212***0142", PhoneLine.MOBILE, None, is_texted=True),),
    language=None,
    issued_on=None,
    expires_on=EXPIRY,
    status="active",
    status_reason=None,
    renewal_filed_on=None,
    replaced=False,
    version=VERSION.key,
    reminders=(
        PermitReminderView(
            step="last-call",
            expires_on=EXPIRY,
            due_at=DUE_AT,
            state="due",
            reason=None,
            hold_reason=None,
            next_at=None,
            sent_at=None,
        ),
    ),
    revision="1",
)


class OneReminder:
    """The history of a permit whose reminder has just fallen due."""

    async def revisions(self, series: str) -> Sequence[Revision]:  # noqa: ARG002 - a port's
        return []

    async def permit_history(
        self,
        permit_id: str,  # noqa: ARG002 - a port's
        now: datetime,
    ) -> tuple[Sequence[ReminderHistory], PermitSituation]:
        reminder = ReminderHistory(
            step="last-call",
            expires_on=EXPIRY,
            version=VERSION.key,
            due_at=DUE_AT,
            until_at=DUE_AT,
            created_at=DUE_AT,
            state=ReminderState.DUE,
            reason=None,
            next_at=DUE_AT,
            hold_reason=None,
            retry_at=None,
            sent_at=None,
            announced_on=None,
            redated_at=None,
            changes=(),
        )
        situation = PermitSituation(
            now=now,
            authority=PERMIT.authority,
            expires_on=EXPIRY,
            status=PermitStatus.ACTIVE,
            replaced=False,
            renewal_filed_on=None,
            registered_at=DUE_AT,
            dated_at=DUE_AT,
            line=PhoneLine.MOBILE,
            opted_out=False,
            go_live=GoLiveStage("live", DUE_AT),
            pauses=(),
            unexpanded_steps=frozenset(),
            steps_moved_at={},
            later_steps={},
            texted_steps=frozenset(),
        )
        return [reminder], situation


def explain_lines() -> Iterator[str]:
    """Every key, for a date by the command itself, for a permit by what it prints."""
    for what, rule in RULES.items():
        words = ["explain", "--rule", rule, "--expires", f"{EXPIRY}", "--json"]
        answer = CliRunner().invoke(cli, words, env=_no_settings()).output
        yield from (f"{what} {path}" for path in _paths(json.loads(answer)))
    explained = asyncio.run(
        explain_permit(law_of(VERSION), PERMIT, OneReminder(), DUE_AT)
    )
    printed = orjson.dumps({**explained, "permit": permit_fields(PERMIT)})
    yield from (f"of a permit {path}" for path in _paths(orjson.loads(printed)))


def _no_settings() -> Mapping[str, str | None]:
    """Unset every setting, and name a database that does not exist."""
    settings: dict[str, str | None] = {
        name: None
        for name in os.environ
        if name.upper().startswith(("PERMIT_REMINDERS_", "TWILIO_"))
    }
    return settings | {"PERMIT_REMINDERS_DATABASE_URL": "sqlite:///no-such-folder/x.db"}


def _paths(value: object, path: str = "") -> Iterator[str]:
    """Name every key as `.slots[].step`; the first element stands for a list."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield f"{path}.{key}"
            yield from _paths(inside, f"{path}.{key}")
    elif isinstance(value, list) and value:
        yield from _paths(value[0], f"{path}[]")
