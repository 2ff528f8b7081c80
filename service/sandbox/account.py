"""Who may call: one account, made at random once and kept in `sandbox.json`."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from service.sandbox.errors import SandboxError


@dataclass(frozen=True, slots=True)
class Account:
    """Twilio's pair of secrets: the SID names it, the token signs and opens."""

    sid: str
    auth_token: str = field(repr=False)


def load_account(path: Path) -> Account:
    """Return the account kept in this file, or a new one without a file.

    Raises SandboxError where the file holds no account.
    """
    try:
        kept = orjson.loads(path.read_bytes())
        return Account(str(kept["account_sid"]), str(kept["auth_token"]))
    except FileNotFoundError:
        return Account("AC" + secrets.token_hex(16), secrets.token_hex(16))
    except (orjson.JSONDecodeError, KeyError, TypeError) as broken:
        raise SandboxError.bad_account(path) from broken


def write_account_file(path: Path, account: Account, url: str) -> str:
    """Replace the file in one go, for the owner's eyes only; returns its one line."""
    told = {"url": url, "account_sid": account.sid, "auth_token": account.auth_token}
    line = orjson.dumps(told | {"pid": os.getpid()})
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(line + b"\n")
    draft.replace(path)
    return line.decode()
