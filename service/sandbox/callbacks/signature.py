"""The signatures of Twilio's webhooks (twilio.com/docs/usage/security)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sign(
    auth_token: str, url: str, fields: Mapping[str, str], algorithm: str = "sha1"
) -> str:
    """Return the `X-Twilio-Signature` of a form POST to `url`.

    `url` is the receiver's: with its query, without a fragment. For a JSON body,
    `fields` is empty and `url` has the body's digest (`with_body_digest`).
    """
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(auth_token.encode(), signed.encode(), algorithm).digest()
    return base64.b64encode(digest).decode()


def with_body_digest(url: str, body: bytes) -> str:
    """Return the URL with `bodySHA256`, the digest of this body, in its query."""
    digest = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    return f"{url}{'&' if '?' in url else '?'}{digest}"
