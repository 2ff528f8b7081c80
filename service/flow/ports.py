"""The outside as the flow sees it: one Protocol per verb, at most eight methods each.

Instants of leases, back-off and settling are the database's own clock, so that a
simulated clock never breaks them; every other instant comes from `Clock`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from service.domain.delivery.outcome import Found, Inbound, Outcome, Receipt
from service.domain.go_live.go_live import GoLive
from service.domain.law.rule import Language, Text
from service.domain.law_change.edits import Edit
from service.domain.lawbook.law import Law
from service.domain.lawbook.version_choice import Revision
from service.domain.messages.facts import Sayable
from service.domain.messages.keywords import Wish
from service.domain.permits.phone import Phone
from service.domain.reports.period import ReportPeriod
from service.domain.reports.tally import Span, Tally
from service.domain.reports.weekly import Figures, Report
from service.flow.rows import (
    CatchUp,
    Changed,
    Claim,
    Claiming,
    Entry,
    OpenMessage,
    Outgoing,
    Planner,
    Recipient,
    Register,
    ShownPermit,
    Started,
    Unconfirmed,
    Word,
)


class Clock(Protocol):
    """What time it is for the law and for people: real, or simulated in a demo."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class LawStore(Protocol):
    """The rules, authorities and calendars in force."""

    async def law(self) -> Law:
        """Everything that dates a permit, read afresh when it has changed."""


class ChangeStore(Protocol):
    """Changing the law, and with it the dates of permits already registered."""

    async def outdated(self) -> Mapping[str, date | None] | None:
        """Until when calendars were covered when permits were dated; None: no change.

        They change when a release of the holidays knows more.
        """

    async def history(self, rule: str) -> list[Revision]:
        """Every version of a rule that was ever installed, in that order."""

    async def preview(self, edit: Edit, plan: Planner, now: datetime) -> Changed:
        """Make the change, plan, and take everything back."""

    async def change(
        self, edit: Edit, plan: Planner, now: datetime, by: str, reason: str | None
    ) -> Changed:
        """Make the change and store its plan, in one transaction, and note who did."""


class Phones(Protocol):
    """Reading phone numbers as people write them."""

    def read(self, text: str, region: str) -> Phone:
        """The number in E.164 and what kind of line it is; never raises."""


class Vault(Protocol):
    """Encryption of what is personal; `column` binds a value to where it stands."""

    def seal(self, text: str, column: str) -> bytes:
        """The encrypted value; different at each call."""

    def open(self, blob: bytes, column: str) -> str:
        """The value again; raises `SetUpError` where the key is missing."""

    def digest(self, text: str, column: str) -> bytes:
        """A keyed digest of 32 bytes, to look a value up by."""

    def mark(self, parts: Sequence[bytes | str]) -> bytes:
        """A keyed mark of 32 bytes over the parts, to prove a row untouched."""


class Words(Protocol):
    """The templates as they stood at one moment."""

    async def current(self, law: str) -> "Words":
        """Those of the office under this digest of the law, or of a later one.

        Text that is claimed must be worded by them: `law` covers what an office saves.
        """

    def render_sms(self, template: str, facts: Sayable) -> str:
        """The text of one SMS; raises `UnknownError` for an unknown template."""

    def version_of(self, template: str, language: Language) -> int:
        """Which version that text is written by; 0 is the shipped one."""


class Provider(Protocol):
    """Who carries SMS. Answers never raise for what a provider or network may do.

    `by_our_id`: it finds messages by our own ids, and so tells two alike apart.
    """

    name: str
    by_our_id: bool

    async def send(self, message: "Outgoing") -> Outcome:
        """POST one message, once."""

    async def find(self, message: "OpenMessage", to: str) -> Sequence[Found] | None:
        """What the provider lists for it; None when it could not be asked."""

    async def fetch(self, provider_id: str) -> Receipt | None:
        """The provider's present word on a message; None when it could not be asked."""

    async def fetch_many(
        self, provider_ids: Collection[str], since: datetime
    ) -> Sequence[Receipt] | None:
        """Its present word on messages accepted since an instant, in few requests.

        What is missing in the answer is to be fetched; None: nothing could be asked.
        """

    async def hand_over(self) -> None:
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
        self, entries: Sequence[Entry], source: Register, now: datetime, law: str
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

    async def keep_time(self, now: datetime) -> None:
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

    async def started(self, authority: str) -> Mapping[str, Started]:
        """The types of an authority on trial or live; all others are drafts."""

    async def go_live(
        self, start: GoLive, plan: CatchUp | None, now: datetime, by: str
    ) -> int:
        """Remind from an instant on; how many reminders a catch-up made due.

        Raises `ConflictError` for a type already live: its start is history.
        """

    async def start_trial(
        self, authority: str, codes: Sequence[str], now: datetime, by: str
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

    async def staff_count(self, line: Sequence[str]) -> int:
        """How many phones the trials of an authority may text; `line`: it and above."""


Said = Sequence[tuple[Outgoing, Outcome]]
"""What messages came to."""


class SendStore(Protocol):
    """From due reminders to messages, and what became of each POST."""

    async def claim(self, how: Claiming, now: datetime, said: Said = ()) -> Claim:
        """Take due reminders in one transaction: end, hold, or turn into messages.

        What closes soonest goes first. What was `said` to the owner's messages before
        is recorded in it, too. Raises `LawChangedError` where the law that the plan is
        made by is out of date: then nothing is.
        """

    async def record(self, owner: str, said: Said, now: datetime) -> None:
        """Write what the provider answered, fenced by owner and attempt."""


class SettleStore(Protocol):
    """Deciding unknown outcomes."""

    async def lapse(self, now: datetime) -> int:
        """Messages whose owner's lease ended unrecorded become uncertain."""

    async def open(self) -> int:
        """How many messages are under way or unknown."""

    async def uncertain(self) -> list[OpenMessage]:
        """The messages whose outcome is unknown, oldest first.

        Not those with one alike still under way: what is listed may be its.
        """

    async def bound(
        self, provider: str, ids: Collection[str]
    ) -> Mapping[str, tuple[str, str]]:
        """Recipient and text of the messages that these ids of a provider belong to."""

    async def found(self, evidence: Sequence[Receipt], now: datetime) -> None:
        """Bind what a list showed to these messages, each by its `ref`.

        Nothing happens where one of them is decided meanwhile, or one alike under way.
        """

    async def absent(self, message: OpenMessage, *, proof: bool, now: datetime) -> None:
        """Note that the provider does not list it; with proof, return its reminders.

        They return to due once; a second proof leaves them to the operator.
        """


class ReceiveStore(Protocol):
    """The provider's later word."""

    async def receive(self, receipts: Sequence[Receipt], now: datetime) -> int:
        """Keep each receipt raw; move messages up their rank; how many moved."""

    async def hear(
        self,
        inbound: Inbound,
        sender: Recipient,
        body: bytes,
        wish: Callable[[str | None], Wish | None],
        now: datetime,
    ) -> bool:
        """Keep a text to us and heed its wish; False where it came before.

        `wish` reads it, given our last text to that phone. Who asks to stop is
        remembered, whether any register knows the phone or not. A phone that writes
        can be reached again.
        """

    async def words(
        self, provider: str, ids: Collection[str]
    ) -> Mapping[str, set[Word]]:
        """Of those ids, the provider's or ours, that are messages': what was received.

        An id that is missing is no message's.
        """

    async def silent(self) -> int:
        """How many accepted messages the provider has said nothing of since."""

    async def unconfirmed(
        self, provider: str, now: datetime, grace: timedelta, patience: timedelta
    ) -> Sequence[Unconfirmed]:
        """Without a final word for longer than `grace`, and not yet for `patience`.

        Of what was asked after before, only what is to be asked after again by now;
        who has waited longest for that comes first.
        """

    async def ask_again(self, at: Sequence[tuple[str, datetime]]) -> None:
        """Keep when messages, by our ids, are to be asked after next."""

    async def kept(self, receipt: Receipt) -> bool:
        """Whether this very word on its message has been kept before."""


class PermitReader(Protocol):
    """Looking permits up."""

    async def one(self, authority: str, rule: str, key: str) -> ShownPermit | None:
        """One permit by its number key."""

    async def page(
        self, authority: str | None, rule: str | None, after: str | None, limit: int
    ) -> list[ShownPermit]:
        """Permits in the order of their ids, from the one after `after`."""

    async def by_number(self, keys: Collection[str]) -> list[ShownPermit]:
        """Every permit with one of these number keys, whatever its type or office."""

    async def withdraw(
        self, authority: str, rule: str, key: str, now: datetime
    ) -> bool:
        """Withdraw a permit and end its due reminders; False where it is unknown."""


class CountStore(Protocol):
    """Counting the ledger."""

    async def figures(
        self,
        period: ReportPeriod,
        as_of: datetime,
        authority: Text,
        names: Mapping[str, Text],
        offices: Sequence[str] | None,
    ) -> Figures:
        """All a report needs of a period; `names` are the permit types by code."""

    async def counts(
        self,
        spans: Sequence[Span],
        by: str,
        as_of: datetime,
        offices: Sequence[str] | None,
    ) -> tuple[dict[tuple[str, str], Tally], dict[str, int]]:
        """Tallies by (span, rule or authority), and the holders of each span."""


class KeyStore(Protocol):
    """Who may call the API."""

    async def holder_of(self, key: str) -> str | None:
        """Whose live key this is; None for one made up or revoked."""


class Health(Protocol):
    """Whether the service can do its work."""

    async def ready(self) -> Mapping[str, str]:
        """What is wrong, by part; empty when all is well."""


class Documents(Protocol):
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
