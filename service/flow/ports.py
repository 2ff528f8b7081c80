"""Ports that several journeys share; every other port stands beside its verb.

A lease, a back-off and a settling delay are measured on the database's own clock, so
that a simulated clock never breaks them; every other instant comes from `Clock`.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from service.domain.law.rule import Language
from service.domain.lawbook.law import Law
from service.domain.messages.facts import TemplateValues
from service.domain.permits.phone import Phone

RevisionCheck = Callable[[str | None], None]
"""Raises `PreconditionError` unless the revision of what is stored, None if nothing is,
is the one that a change was decided on; it is called in the change's transaction."""


class Clock(Protocol):
    """The time for the law and for people: real, or simulated in a demo."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class LawStore(Protocol):
    """The rules, authorities and calendars in force."""

    async def current_law(self) -> Law:
        """Return all that dates a permit; read it again where it has changed."""


class PhoneParser(Protocol):
    """Reading phone numbers as people write them."""

    def parse(self, text: str, region: str) -> Phone:
        """Return the number in E.164 and its kind of line; never raises."""


class Vault(Protocol):
    """Encryption of personal data; `column` binds a value to its table column."""

    def encrypt(self, text: str, column: str) -> bytes:
        """Encrypt a value; the result differs at each call."""

    def decrypt(self, blob: bytes, column: str) -> str:
        """Decrypt a value; raises `SetUpError` where the key is missing."""

    def digest(self, text: str, column: str) -> bytes:
        """Return a keyed digest of 32 bytes, to look a value up by."""

    def compute_mac(self, parts: Sequence[bytes | str]) -> bytes:
        """Return a keyed MAC of 32 bytes over the parts, to prove a row untouched."""


class TemplateLibrary(Protocol):
    """The office's and the shipped templates, as of one moment."""

    async def current(self, law_digest: str) -> "TemplateLibrary":
        """Return the templates of this digest of the law, or of a later one.

        A claim words its texts by them: saving a template changes the digest, too.
        """

    def render_sms(self, template: str, facts: TemplateValues) -> str:
        """Render the text of one SMS; raises `UnknownError` for an unknown template."""

    def version_of(self, template: str, language: Language) -> int:
        """Return the version of a template; 0 is the shipped one."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key without its secret; `prefix` is its beginning, by which it is listed.

    `revoked_at` is None while the key is valid.
    """

    prefix: str
    name: str
    created_at: datetime
    revoked_at: datetime | None


class ApiKeyStore(Protocol):
    """The keys that open the API; `by` is who acts, for the action log."""

    async def create(self, name: str, by: str, now: datetime) -> str:
        """Create a key and return it: it cannot be read again."""

    async def revoke(self, start: str, by: str, now: datetime) -> ApiKey:
        """Revoke the valid key that begins with `start`, or is it; return the key.

        Raises `UnknownError` if there is none, `ConflictError` if there are several.
        """

    async def list_keys(self) -> Sequence[ApiKey]:
        """Return every key ever created, oldest first."""

    async def caller_of(self, key: str) -> str | None:
        """Return the owner of a valid key; None for an unknown or revoked key."""


class Health(Protocol):
    """Whether the service can do its work."""

    async def problems(self, *, of_sending: bool = True) -> Mapping[str, str]:
        """Return the problems by part of the service; empty when all is well.

        With `of_sending` also the pauses that stop sending until a person acts.
        """


UploadPart = Literal["file", "mapping"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOptions:
    """How a register is imported, as by the options of the command.

    `exported_at` is when it was written: a snapshot needs it.
    """

    snapshot: bool = False
    withdraw_up_to: int | None = None
    strict: bool = False
    dry_run: bool = False
    exported_at: datetime | None = None


class Upload(Protocol):
    """A register that is being received, and its mapping."""

    async def add(self, part: UploadPart, name: str, chunk: bytes) -> None:
        """Take a chunk of a part, which is a file of this name.

        Raises `StorageError` where the disk takes no more.
        """

    async def begin(self, by: str, options: UploadOptions) -> str:
        """Read what was received, and import it when those before it are done.

        Returns the id of the import, whose record is stored: that of an earlier one if
        that is of the same file and is not done. Raises `InvalidError` with all
        mistakes of the file or the mapping, and `StorageError`.
        """


class Uploads(Protocol):
    """Imports uploads, one after the other."""

    @property
    def is_full(self) -> bool:
        """Whether so many are under way that no other is received."""

    def receive(self) -> AbstractAsyncContextManager[Upload]:
        """Receive an upload; one that was not begun is forgotten at exit."""

    def find_rejects(self, import_id: str) -> str | None:
        """The CSV file of the rejected rows of an import; None if there is none."""
