"""How Twilio proves that a webhook is its own (twilio.com/docs/usage/security)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def sign(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """Make the `X-Twilio-Signature` of a form POST to `url`.

    `url` is what the receiver sees: with its query, without a fragment.
    """
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
