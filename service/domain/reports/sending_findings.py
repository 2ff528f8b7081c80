"""Findings about what sends: offices, provider, clock, disk, pauses."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from service.domain.delivery.pause import Pause
from service.domain.law.authority import Authority
from service.domain.law.rule import LANGUAGES
from service.domain.lawbook.law import Law
from service.domain.messages.keywords import find_opt_out_letters
from service.domain.reminders.limits import SLOWEST_RATE, has_unusable_rate
from service.domain.reports.findings import Finding, ProviderState, Severity

LONGEST_SILENCE: Final = timedelta(minutes=5)
"""Time after the last pass from which nobody seems to send."""

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""By this time the machine's clock may differ from another one: answers take time."""

LITTLE_ROOM: Final = 1 << 30
"""Bytes below which the disk may be full after some imports."""

NO_ROOM: Final = 100 << 20
"""Bytes below which an import may not fit any more."""

BACKUPS: Final = Finding(
    Severity.NOTE,
    "backups",
    "the service makes none, and knows of none",
    "docs/operations.md, Backups, has the command for a timer",
)

SENDING_DAYS_AHEAD: Final = 15
"""Days in which an office has a sending day: the longest holidays have nine."""


def judge_offices(law: Law, today: date, *, takes_replies: bool) -> Iterator[Finding]:
    """Offices whose texts are held, have no number to call, or offer a lost reply."""
    if not law.authorities:
        remedy = "permit-reminders init, then authorities load office.toml"
        yield Finding(Severity.STOPS, "offices", "no office is loaded", remedy)
    for office in law.authorities.values():
        if not office.sends:
            continue
        remedy = "correct its file, then permit-reminders authorities load FILE"
        for what in _office_faults(office, law, today, takes_replies=takes_replies):
            yield Finding(Severity.MISSES, "offices", f"{office.code}: {what}", remedy)


def _office_faults(
    office: Authority, law: Law, today: date, *, takes_replies: bool
) -> Iterator[str]:
    working_days = law.calendar(office.calendar).certain_workdays
    days = (today + timedelta(days=one) for one in range(SENDING_DAYS_AHEAD))
    if not any(office.sends_on(day, working_days) for day in days):
        yield f"it has no sending day in the next {SENDING_DAYS_AHEAD} days"
    if not any(map(str.isdigit, office.helpline)):
        yield f"its helpline {office.helpline!r} has no number to call"
    if has_unusable_rate(office):
        what = "messages_per_second or segments_per_second"
        yield f"its {what} is less than {SLOWEST_RATE}, so its texts are held"
    for language in LANGUAGES:
        letters = find_opt_out_letters(office.opt_out.in_language(language))
        if letters and not takes_replies:
            yield (
                f"its opt_out.{language} asks for the reply "
                f"{' or '.join(sorted(letters)).upper()}, which cannot come in: only "
                "Twilio passes replies on, to PERMIT_REMINDERS_PUBLIC_URL"
            )


def judge_provider(
    provider: ProviderState, machine_at: datetime | None
) -> Iterator[Finding]:
    """Whether the provider would take texts, and shows the time of this machine."""
    if provider.problem:
        what, remedy = provider.problem
        yield Finding(Severity.STOPS, "provider", f"{provider.name}: {what}", remedy)
    elif not provider.is_real:
        what = "texts go to the sandbox, and to no phone"
        remedy = "set PERMIT_REMINDERS_PROVIDER when they are to be real"
        yield Finding(Severity.NOTE, "provider", what, remedy)
    elif not provider.is_asked:
        what = f"{provider.name}: not asked, because any POST would send a text"
        remedy = "permit-reminders test-sms PHONE tries it"
        yield Finding(Severity.NOTE, "provider", what, remedy)
    at = provider.answered_at
    if at and machine_at and abs(at - machine_at) > CLOCK_TOLERANCE:
        yield _wrong_clock(f"the provider's is {at:%Y-%m-%d %H:%M} UTC")


def judge_last_pass(
    last_pass_at: datetime | None, machine_at: datetime, *, is_live: bool
) -> Iterator[Finding]:
    """Whether anybody sends, and whether the clock is behind what it has shown."""
    if last_pass_at and last_pass_at - machine_at > CLOCK_TOLERANCE:
        yield _wrong_clock(f"the last pass ended at {last_pass_at:%Y-%m-%d %H:%M} UTC")
    elif is_live and (not last_pass_at or machine_at - last_pass_at > LONGEST_SILENCE):
        since = f"since {last_pass_at:%Y-%m-%d %H:%M} UTC" if last_pass_at else "yet"
        what = f"no pass has looked for due reminders {since}"
        yield Finding(Severity.STOPS, "sending", what, "permit-reminders serve")


def _wrong_clock(why: str) -> Finding:
    what = f"the clock of this machine is wrong: {why}"
    return Finding(Severity.STOPS, "clock", what, "set it, and keep it set by NTP")


def judge_room(free_bytes: int, folder: str) -> Iterator[Finding]:
    """Whether the disk of the database has room."""
    if free_bytes < LITTLE_ROOM:
        yield Finding(
            Severity.STOPS if free_bytes < NO_ROOM else Severity.SOON,
            "disk",
            f"{free_bytes >> 20} MiB are free at {folder}",
            "make room: at a full disk nothing is sent",
        )


def judge_pauses(pauses: Sequence[Pause]) -> Iterator[Finding]:
    """What somebody, or a guard of the service, has paused."""
    for one in pauses:
        is_all = one.scope == "all"
        yield Finding(
            Severity.STOPS if is_all else Severity.MISSES,
            "pauses",
            f"{one.scope} is paused since {one.since:%Y-%m-%d %H:%M} UTC by {one.by}: "
            f"{one.reason}",
            "permit-reminders resume" + ("" if is_all else f" {one.scope}"),
        )
