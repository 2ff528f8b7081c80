"""Personal data at rest: sealed with AES-GCM, looked up by digest, marked by HMAC."""

import base64
import binascii
import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.domain.errors import SetUpError

_KEY_BYTES = 32
_KEY_IDS = range(1, 256)
_NONCE_BYTES = 12  # NIST SP 800-38D: 96 bits, random for each sealed value
_MODE_OF_OTHERS = 0o077


class Vault:
    """Seals with the newest key, opens with whichever key a value was sealed with.

    Digests and marks are made with the oldest key, so that adding a key changes
    neither: the oldest key must stay for as long as the database does.
    """

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        self._keys = dict(keys)
        self._seals = {
            key_id: AESGCM(_derive_key(key, "seal")) for key_id, key in keys.items()
        }
        self._active = max(keys)
        oldest = keys[min(keys)]
        self._digest_key = _derive_key(oldest, "digest")
        self._mark_key = _derive_key(oldest, "mark")

    def __reduce__(self) -> tuple[type[Self], tuple[dict[int, bytes]]]:
        """How another process of ours gets it."""
        return type(self), (self._keys,)

    @classmethod
    def from_keys(cls, text: str) -> Self:
        """Open with keys written "base64" or "1:base64,2:base64", the highest active.

        That is the value of PERMIT_REMINDERS_KEY. Raises `SetUpError`.
        """
        return cls(_parse_keys(text, "PERMIT_REMINDERS_KEY"))

    @classmethod
    def from_key_file(cls, database: Path, *, create: bool = True) -> Self:
        """Open with the 0600 file `<database>.key`, made with a fresh key if absent.

        Not `new` is a database that has its key: a lost one is not replaced. Raises
        `SetUpError` for that, for a file that others can read, or that holds no key.
        """
        path = database.with_name(f"{database.name}.key")
        try:
            if create and not path.exists():
                _create_key_file(path)
            text, mode = path.read_text("ascii"), path.stat().st_mode
        except (OSError, UnicodeDecodeError) as error:
            reason = f"{path}: {error}; make it readable, or set PERMIT_REMINDERS_KEY"
            raise SetUpError(reason) from error
        if mode & _MODE_OF_OTHERS:
            reason = f"{path}: others can read this key; run chmod 600 {path}"
            raise SetUpError(reason)
        return cls(_parse_keys(text, str(path)))

    def encrypt(self, text: str, column: str) -> bytes:
        """Encrypt a value for one column: key id, nonce, ciphertext and tag."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._seals[self._active].encrypt(
            nonce, text.encode(), column.encode()
        )
        return bytes([self._active]) + nonce + sealed

    def decrypt(self, blob: bytes, column: str) -> str:
        """Decrypt a sealed value.

        Raises `SetUpError` where its key is missing, and where it does not fit: an
        exchanged key, a value that was changed or moved here from another column.
        """
        key_id, nonce = int.from_bytes(blob[:1]), blob[1 : 1 + _NONCE_BYTES]
        if key_id not in self._seals:
            reason = (
                f"{column}: sealed with key {key_id}, which is missing; "
                "add it to PERMIT_REMINDERS_KEY or to the key file"
            )
            raise SetUpError(reason)
        try:
            sealed = blob[1 + _NONCE_BYTES :]
            return self._seals[key_id].decrypt(nonce, sealed, column.encode()).decode()
        except (InvalidTag, ValueError):
            reason = (
                f"{column}: does not open with key {key_id}; restore the key that "
                "had this id, or the value if somebody changed it"
            )
            raise SetUpError(reason) from None

    def digest(self, text: str, column: str) -> bytes:
        """Digest a value for look-ups in one column: 32 bytes, always the same."""
        return _hmac(self._digest_key, (column, text))

    def compute_mac(self, parts: Iterable[bytes | str]) -> bytes:
        """Mark parts against tampering: 32 bytes that change with any of them.

        Each part is prefixed with its length, so that ("ab", "c") is not ("a", "bc").
        """
        return _hmac(self._mark_key, parts)


def _derive_key(key: bytes, purpose: str) -> bytes:
    info = f"permit-reminders {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key)


def _hmac(key: bytes, parts: Iterable[bytes | str]) -> bytes:
    encoded = [one.encode() if isinstance(one, str) else one for one in parts]
    framed = b"".join(len(one).to_bytes(8, "big") + one for one in encoded)
    return hmac.digest(key, framed, sha256)


def _parse_keys(text: str, where: str) -> dict[int, bytes]:
    keys: dict[int, bytes] = {}
    for one in text.strip().split(","):
        key_id, colon, key = one.strip().rpartition(":")
        number = int(key_id) if key_id.isdecimal() else 0 if colon else 1
        if number not in _KEY_IDS or number in keys:
            reason = f"{where}: found key id {key_id!r}, expected 1 to 255, each once"
            raise SetUpError(reason)
        keys[number] = _parse_key(key, where)
    return keys


def _parse_key(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        reason = (
            f"{where}: expected base64 of 32 bytes, as from openssl rand -base64 32"
        )
        raise SetUpError(reason)
    return key


def _create_key_file(path: Path) -> None:
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fresh.touch(mode=0o600, exist_ok=False)
    try:
        with fresh.open("w") as file:
            file.write(
                f"1:{base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}\n"
            )
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces the key another process just made.
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
