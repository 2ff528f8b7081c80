"""The sandbox's one account: created at random once, stored in `sandbox.json`."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from service.sandbox.errors import SandboxError


@dataclass(frozen=True, slots=True)
class Account:
    """An account SID, and the auth token that authenticates and signs."""

    sid: str
    auth_token: str = field(repr=False)


def load_account(path: Path) -> Account:
    """Return the account stored in this file, or a new one if there is no file.

    Raises SandboxError if the file holds no account.
    """
    try:
        stored = orjson.loads(path.read_bytes())
        return Account(str(stored["account_sid"]), str(stored["auth_token"]))
    except FileNotFoundError:
        return Account("AC" + secrets.token_hex(16), secrets.token_hex(16))
    except (orjson.JSONDecodeError, KeyError, TypeError) as broken:
        raise SandboxError.bad_account(path) from broken


def write_account_file(path: Path, account: Account, url: str) -> str:
    """Replace the file atomically, with mode 0600; returns the JSON line written."""
    fields = {"url": url, "account_sid": account.sid, "auth_token": account.auth_token}
    line = orjson.dumps(fields | {"pid": os.getpid()})
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(line + b"\n")
    draft.replace(path)
    return line.decode()
