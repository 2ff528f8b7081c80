"""The outside as the flow sees it: one Protocol per verb, at most eight methods each.

Instants of leases, back-off and settling are the database's own clock, so that a
simulated clock never breaks them; every other instant comes from `Clock`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from service.domain.delivery.outcome import Inbound, ListedMessage, Outcome, Receipt
from service.domain.go_live.go_live import GoLive
from service.domain.law.rule import BilingualText, Language
from service.domain.law_change.edits import Edit
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import Revision
from service.domain.messages.facts import TemplateValues
from service.domain.messages.keywords import OptOutIntent
from service.domain.permits.phone import Phone
from service.domain.reports.period import ReportPeriod
from service.domain.reports.tally import Span, Tally
from service.domain.reports.weekly import Report, ReportFigures
from service.flow.rows import (
    CatchUpPlan,
    ChangePlanner,
    ChangeResult,
    Claim,
    ClaimRequest,
    DatedPermit,
    OpenMessage,
    Outgoing,
    PermitView,
    ReceiptStatus,
    Recipient,
    RegisterSource,
    StartedType,
    UnconfirmedMessage,
)


class Clock(Protocol):
    """What time it is for the law and for people: real, or simulated in a demo."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class LawStore(Protocol):
    """The rules, authorities and calendars in force."""

    async def current_law(self) -> Law:
        """Everything that dates a permit, read afresh when it has changed."""


class ChangeStore(Protocol):
    """Changing the law, and with it the dates of permits already registered."""

    async def outdated_calendars(self) -> Mapping[str, date | None] | None:
        """Until when calendars were covered when permits were dated; None: no change.

        They change when a release of the holidays knows more.
        """

    async def revisions(self, rule: str) -> list[Revision]:
        """Every version of a rule that was ever installed, in that order."""

    async def preview(
        self, edit: Edit, plan: ChangePlanner, now: datetime
    ) -> ChangeResult:
        """Make the change, plan, and take everything back."""

    async def change(
        self,
        edit: Edit,
        plan: ChangePlanner,
        now: datetime,
        by: str,
        reason: str | None,
    ) -> ChangeResult:
        """Make the change and store its plan, in one transaction, and note who did."""


class PhoneParser(Protocol):
    """Reading phone numbers as people write them."""

    def parse(self, text: str, region: str) -> Phone:
        """The number in E.164 and what kind of line it is; never raises."""


class Vault(Protocol):
    """Encryption of what is personal; `column` binds a value to where it stands."""

    def encrypt(self, text: str, column: str) -> bytes:
        """The encrypted value; different at each call."""

    def decrypt(self, blob: bytes, column: str) -> str:
        """The value again; raises `SetUpError` where the key is missing."""

    def digest(self, text: str, column: str) -> bytes:
        """A keyed digest of 32 bytes, to look a value up by."""

    def compute_mac(self, parts: Sequence[bytes | str]) -> bytes:
        """A keyed mark of 32 bytes over the parts, to prove a row untouched."""


class TemplateLibrary(Protocol):
    """The templates as they stood at one moment."""

    async def current(self, law_digest: str) -> "TemplateLibrary":
        """Those of the office under this digest of the law, or of a later one.

        Text that is claimed must be worded by them: `law` covers what an office saves.
        """

    def render_sms(self, template: str, facts: TemplateValues) -> str:
        """The text of one SMS; raises `UnknownError` for an unknown template."""

    def version_of(self, template: str, language: Language) -> int:
        """Which version that text is written by; 0 is the shipped one."""


class Provider(Protocol):
    """Who carries SMS. Answers never raise for what a provider or network may do.

    `by_our_id`: it finds messages by our own ids, and so tells two alike apart.
    """

    name: str
    finds_by_our_id: bool

    async def send(self, message: "Outgoing") -> Outcome:
        """POST one message, once."""

    async def find(
        self, message: "OpenMessage", phone: str
    ) -> Sequence[ListedMessage] | None:
        """What the provider lists for it; None when it could not be asked."""

    async def fetch_receipt(self, provider_id: str) -> Receipt | None:
        """The provider's present word on a message; None when it could not be asked."""

    async def fetch_receipts(
        self, provider_ids: Collection[str], since: datetime
    ) -> Sequence[Receipt] | None:
        """Its present word on messages accepted since an instant, in few requests.

        What is missing in the answer is to be fetched; None: nothing could be asked.
        """

    async def flush(self) -> None:
        """What was sent since the last call leaves, where texts leave together."""

    def parse(
        self, headers: Mapping[str, str], body: bytes, path: str
    ) -> Receipt | Inbound:
        """A webhook, checked; `path` with its query, as it was called.

        Raises `ForgedError` where the provider did not sign it, `InvalidError` where
        it is signed but not a webhook of this kind.
        """


class RegisterStore(Protocol):
    """Taking permits in."""

    async def register(
        self,
        dated_permits: Sequence[DatedPermit],
        source: RegisterSource,
        now: datetime,
        law_digest: str,
    ) -> list[str]:
        """Store a chunk in one transaction; what became of each entry, in order.

        Raises `LawChangedError` where `law`, the digest of the law that dated the
        entries, is not that of the law in force.

        "registered", "changed", "unchanged", or the entry's `left_out`. Ends the
        due reminders a change has overtaken, and gives birth to the current step
        where its slot is already expanded.
        """


class ExpandStore(Protocol):
    """Slots that fall due become reminders."""

    async def handle_clock_set_back(self, now: datetime) -> None:
        """Notice a clock that was set back: what it had missed is expanded anew."""

    async def expand(self, now: datetime, limit: int) -> int | None:
        """Give birth to the reminders of some groups in one transaction; how many.

        Of the live groups with a slot due at `now` and not expanded, the oldest; None
        where there is none left.
        """

    async def expand_trials(self, now: datetime) -> int:
        """Give the permits with a staff phone their current step; how many got one.

        Only of types on trial. No slot counts as expanded by that.
        """


class GoLiveStore(Protocol):
    """Which types an authority reminds of, and whom its trials may text."""

    async def started_types(self, authority: str) -> Mapping[str, StartedType]:
        """The types of an authority on trial or live; all others are drafts."""

    async def go_live(
        self, start: GoLive, plan: CatchUpPlan | None, now: datetime, by: str
    ) -> int:
        """Remind from an instant on; how many reminders a catch-up made due.

        Raises `ConflictError` for a type already live: its start is history.
        """

    async def start_trial(
        self, authority: str, rule_codes: Sequence[str], now: datetime, by: str
    ) -> None:
        """Remind only staff from now on; raises `ConflictError` for what is live."""

    async def add_staff(
        self, authority: str, phone: Recipient, name: str, now: datetime, by: str
    ) -> None:
        """Let the trials of an authority, and of those below it, text a phone."""

    async def remove_staff(
        self, authority: str, phone: Recipient, now: datetime, by: str
    ) -> None:
        """Text a phone in trials no more; raises `ConflictError` for no staff's."""

    async def count_staff(self, authorities: Sequence[str]) -> int:
        """How many phones the trials of an authority may text; `line`: it and above."""


Outcomes = Sequence[tuple[Outgoing, Outcome]]
"""What messages came to."""


class ClaimStore(Protocol):
    """From due reminders to messages, and what became of each POST."""

    async def claim(
        self, request: ClaimRequest, now: datetime, outcomes: Outcomes = ()
    ) -> Claim:
        """Take due reminders in one transaction: end, hold, or turn into messages.

        What closes soonest goes first. What was `said` to the owner's messages before
        is recorded in it, too. Raises `LawChangedError` where the law that the plan is
        made by is out of date: then nothing is.
        """

    async def record(self, owner: str, outcomes: Outcomes, now: datetime) -> None:
        """Write what the provider answered, fenced by owner and attempt."""


class SettleStore(Protocol):
    """Deciding unknown outcomes."""

    async def expire_leases(self, now: datetime) -> int:
        """Messages whose owner's lease ended unrecorded become uncertain."""

    async def count_open(self) -> int:
        """How many messages are under way or unknown."""

    async def list_uncertain(self) -> list[OpenMessage]:
        """The messages whose outcome is unknown, oldest first.

        Not those with one alike still under way: what is listed may be its.
        """

    async def already_bound(
        self, provider: str, provider_ids: Collection[str]
    ) -> Mapping[str, tuple[str, str]]:
        """Recipient and text of the messages that these ids of a provider belong to."""

    async def bind_listed(self, evidence: Sequence[Receipt], now: datetime) -> None:
        """Bind what a list showed to these messages, each by its `ref`.

        Nothing happens where one of them is decided meanwhile, or one alike under way.
        """

    async def note_absence(
        self, message: OpenMessage, *, is_proof: bool, now: datetime
    ) -> None:
        """Note that the provider does not list it; with proof, return its reminders.

        They return to due once; a second proof leaves them to the operator.
        """


class ReceiveStore(Protocol):
    """The provider's later word."""

    async def receive(self, receipts: Sequence[Receipt], now: datetime) -> int:
        """Keep each receipt raw; move messages up their rank; how many moved."""

    async def receive_inbound(
        self,
        inbound: Inbound,
        sender: Recipient,
        encrypted_body: bytes,
        read_intent: Callable[[str | None], OptOutIntent | None],
        now: datetime,
    ) -> bool:
        """Keep a text to us and heed its wish; False where it came before.

        `wish` reads it, given our last text to that phone. Who asks to stop is
        remembered, whether any register knows the phone or not. A phone that writes
        can be reached again.
        """

    async def receipts_of(
        self, provider: str, ids: Collection[str]
    ) -> Mapping[str, set[ReceiptStatus]]:
        """Of those ids, the provider's or ours, that are messages': what was received.

        An id that is missing is no message's.
        """

    async def count_without_receipt(self) -> int:
        """How many accepted messages the provider has said nothing of since."""

    async def list_unconfirmed(
        self, provider: str, now: datetime, min_age: timedelta, max_age: timedelta
    ) -> Sequence[UnconfirmedMessage]:
        """Without a final word for longer than `grace`, and not yet for `patience`.

        Of what was asked after before, only what is to be asked after again by now;
        who has waited longest for that comes first.
        """

    async def schedule_polls(self, polls: Sequence[tuple[str, datetime]]) -> None:
        """Keep when messages, by our ids, are to be asked after next."""

    async def is_known_receipt(self, receipt: Receipt) -> bool:
        """Whether this very word on its message has been kept before."""


class PermitReader(Protocol):
    """Looking permits up."""

    async def get(
        self, authority: str, rule: str, number_key: str
    ) -> PermitView | None:
        """One permit by its number key."""

    async def page(
        self, authority: str | None, rule: str | None, after: str | None, limit: int
    ) -> list[PermitView]:
        """Permits in the order of their ids, from the one after `after`."""

    async def find_by_number(self, number_keys: Collection[str]) -> list[PermitView]:
        """Every permit with one of these number keys, whatever its type or office."""

    async def withdraw(
        self, authority: str, rule: str, number_key: str, now: datetime
    ) -> bool:
        """Withdraw a permit and end its due reminders; False where it is unknown."""


class CountStore(Protocol):
    """Counting the ledger."""

    async def report_figures(
        self,
        period: ReportPeriod,
        as_of: datetime,
        authority: BilingualText,
        names: Mapping[str, BilingualText],
        offices: Sequence[str] | None,
    ) -> ReportFigures:
        """All a report needs of a period; `names` are the permit types by code."""

    async def tallies(
        self,
        spans: Sequence[Span],
        by: str,
        as_of: datetime,
        offices: Sequence[str] | None,
    ) -> tuple[dict[tuple[str, str], Tally], dict[str, int]]:
        """Tallies by (span, rule or authority), and the holders of each span."""


class ApiKeyStore(Protocol):
    """Who may call the API."""

    async def caller_of(self, key: str) -> str | None:
        """Whose live key this is; None for one made up or revoked."""


class Health(Protocol):
    """Whether the service can do its work."""

    async def problems(self) -> Mapping[str, str]:
        """What is wrong, by part; empty when all is well."""


class ReportFormatter(Protocol):
    """A report on paper, as it were."""

    def as_text(self, report: Report) -> str:
        """Both headlines, the table, the notes."""

    def as_json(self, report: Report) -> bytes:
        """The same figures for machines."""

    def as_csv(self, report: Report) -> str:
        """The table alone."""

    def rows_as_csv(
        self, rows: Sequence[Mapping[str, object]], columns: Sequence[str]
    ) -> str:
        """Rows of these columns, under their header even where there is none."""
