"""Encryption of personal data at rest (AES-GCM), digests and MACs (HMAC-SHA-256)."""

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
_NONCE_BYTES = 12  # NIST SP 800-38D: 96 bits, random for each value
_OTHERS_MODE = 0o077


class Vault:
    """Encrypts with the key of the highest id; decrypts with the key of the value.

    Digests and MACs use the key of the lowest id, so that adding a key changes
    neither: that key must stay as long as the database does.
    """

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        self._keys = dict(keys)
        self._ciphers = {
            key_id: AESGCM(_derive_key(key, "seal")) for key_id, key in keys.items()
        }
        self._encryption_key_id = max(keys)
        oldest = keys[min(keys)]
        self._digest_key = _derive_key(oldest, "digest")
        self._mark_key = _derive_key(oldest, "mark")

    def __reduce__(self) -> tuple[type[Self], tuple[dict[int, bytes]]]:
        """Pickle the keys only, since ciphers cannot be pickled."""
        return type(self), (self._keys,)

    @classmethod
    def from_keys(cls, text: str) -> Self:
        """Make a vault from keys written "base64" or "1:base64,2:base64".

        That is the value of PERMIT_REMINDERS_KEY. Raises `SetUpError`.
        """
        return cls(_parse_keys(text, "PERMIT_REMINDERS_KEY"))

    @classmethod
    def from_key_file(cls, database: Path, *, create: bool = True) -> Self:
        """Make a vault from the file `<database>.key`, with mode 0600.

        With `create`, a missing file is made with a new key; without, it is an error,
        since the database's data needs the lost one. Raises `SetUpError`, also for a
        file that others can read or that holds no key.
        """
        path = database.with_name(f"{database.name}.key")
        try:
            if create and not path.exists():
                _create_key_file(path)
            text, mode = path.read_text("ascii"), path.stat().st_mode
        except (OSError, UnicodeDecodeError) as error:
            reason = f"{path}: {error}; make it readable, or set PERMIT_REMINDERS_KEY"
            raise SetUpError(reason) from error
        if mode & _OTHERS_MODE:
            reason = f"{path}: others can read this key; run chmod 600 {path}"
            raise SetUpError(reason)
        return cls(_parse_keys(text, str(path)))

    def encrypt(self, text: str, column: str) -> bytes:
        """Encrypt a value for one column; returns key id, nonce, ciphertext and tag."""
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = self._ciphers[self._encryption_key_id].encrypt(
            nonce, text.encode(), column.encode()
        )
        return bytes([self._encryption_key_id]) + nonce + ciphertext

    def decrypt(self, blob: bytes, column: str) -> str:
        """Decrypt a value of this column.

        Raises `SetUpError` if its key is missing, or if the key does not fit: another
        key under that id, or a value changed or moved from another column.
        """
        key_id, nonce = int.from_bytes(blob[:1]), blob[1 : 1 + _NONCE_BYTES]
        if key_id not in self._ciphers:
            reason = (
                f"{column}: sealed with key {key_id}, which is missing; "
                "add it to PERMIT_REMINDERS_KEY or to the key file"
            )
            raise SetUpError(reason)
        try:
            ciphertext = blob[1 + _NONCE_BYTES :]
            return (
                self._ciphers[key_id]
                .decrypt(nonce, ciphertext, column.encode())
                .decode()
            )
        except (InvalidTag, ValueError):
            reason = (
                f"{column}: does not open with key {key_id}; restore the key that "
                "had this id, or the value if somebody changed it"
            )
            raise SetUpError(reason) from None

    def digest(self, text: str, column: str) -> bytes:
        """Return a keyed digest of a value, for look-ups in one column: 32 bytes."""
        return _hmac(self._digest_key, (column, text))

    def compute_mac(self, parts: Iterable[bytes | str]) -> bytes:
        """Return a MAC of the parts: 32 bytes that change with any of them.

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
        is_id = key_id.isdecimal() and len(key_id) <= len(str(_KEY_IDS[-1]))
        number = int(key_id) if is_id else 0 if colon else 1
        if number not in _KEY_IDS or number in keys:
            reason = (
                f"{where}: found key id {key_id[:20]!r}, expected 1 to 255, each once"
            )
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
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600, exist_ok=False)
    try:
        with draft.open("w") as file:
            file.write(
                f"1:{base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}\n"
            )
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces the key another process just made.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
