"""What the web works with: handed over whole, so that no handler knows an adapter."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from service.flow.office.go_live import GoingLive
from service.flow.office.templates import Rewording
from service.flow.permits.opt_outs import Consent
from service.flow.permits.register import Registration
from service.flow.permits.unreachable import Reach
from service.flow.ports import (
    ChangeStore,
    Clock,
    CountStore,
    Documents,
    Health,
    KeyStore,
    LawStore,
    PermitReader,
    Provider,
    ReceiveStore,
    Vault,
)
from service.flow.reports.explain import ExplainStore
from service.flow.reports.forecast import ForecastStore
from service.flow.reports.message_views import MessageReader, ReminderReader
from service.flow.reports.metrics import Meter
from service.flow.sending.pause import Braking
from service.flow.sending.resolve import Resolving

Failing = Callable[[], str | None]
"""Why the last pass of this process failed; None where it did not."""


def never_failing() -> None:
    """Nobody makes passes here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The ports and flows behind the routes.

    `default_authority` is the settings' office for requests that name none; without
    it only an installation with a single office can do so. `templates` are those that
    a version may name.
    """

    registration: Registration
    going_live: GoingLive
    rewording: Rewording
    laws: LawStore
    changes: ChangeStore
    templates: frozenset[str]
    permits: PermitReader
    explaining: ExplainStore
    counts: CountStore
    forecasting: ForecastStore
    keys: KeyStore
    health: Health
    documents: Documents
    receiving: ReceiveStore
    consent: Consent
    reach: Reach
    messages: MessageReader
    reminders: ReminderReader
    meter: Meter
    braking: Braking
    resolving: Resolving
    vault: Vault
    clock: Clock
    provider: Provider
    failing: Failing
    default_authority: str | None


DESK: Final = web.AppKey("DESK", Desk)
