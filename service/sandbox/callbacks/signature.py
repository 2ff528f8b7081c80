"""How Twilio proves that a webhook is its own (twilio.com/docs/usage/security)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sign(
    auth_token: str, url: str, fields: Mapping[str, str], algorithm: str = "sha1"
) -> str:
    """Make the `X-Twilio-Signature` of a form POST to `url`.

    `url` is what the receiver sees: with its query, without a fragment. A JSON body
    has no fields: the `bodySHA256` in its query speaks for it (`with_body`).
    """
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(auth_token.encode(), signed.encode(), algorithm).digest()
    return base64.b64encode(digest).decode()


def with_body_digest(url: str, body: bytes) -> str:
    """Add to a URL what binds this body to it."""
    bound = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    return f"{url}{'&' if '?' in url else '?'}{bound}"
