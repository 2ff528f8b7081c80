"""Parses results that a platform posts, authenticated by a secret in a header."""

import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from urllib.parse import parse_qsl

from service.adapters.sms_platform.format.model import ResultsFormat, WebhookFormat
from service.adapters.sms_platform.json_paths import parse_json, text_at
from service.adapters.sms_platform.results.receipt import receipt_of
from service.domain.delivery.outcome import Receipt
from service.domain.errors import ForgedError, InvalidError, Mistake

log = logging.getLogger(__name__)

_MOST_FIELDS: Final = 200


@dataclass(frozen=True, slots=True)
class ResultsWebhook:
    """Parses results of a format; `secrets` are by environment variable."""

    results: ResultsFormat | None
    secrets: Mapping[str, str] = field(repr=False)
    uses_our_ids: bool

    def parse(self, headers: Mapping[str, str], body: bytes, path: str) -> Receipt:
        """Return a receipt; raises `ForgedError` (wrong secret), `InvalidError`."""
        try:
            return self._parse(headers, body)
        except (ForgedError, InvalidError) as error:
            log.warning("outbox: %s: %s", path.partition("?")[0], error)
            raise

    def _parse(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        results = self.results
        if results is None or results.webhook is None:
            raise ForgedError("webhook: the format has no [results.webhook]")
        given = headers.get(results.webhook.header, "").encode(errors="replace")
        secret = self.secrets[results.webhook.secret.variable].encode()
        if not hmac.compare_digest(given, secret):
            header = results.webhook.header
            raise ForgedError(f"webhook: {header} is not the secret; nothing changed")
        read_field = _field_reader(results.webhook, body)
        names = [one for one in (results.id, results.status, results.code) if one]
        values = {name: read_field(name) or "" for name in names}
        return receipt_of(results, values, "webhook", uses_our_ids=self.uses_our_ids)


def _field_reader(webhook: WebhookFormat, body: bytes) -> Callable[[str], str | None]:
    """Return a function from names to fields; raises `InvalidError` for a bad body."""
    if webhook.body_kind == "json":
        document = parse_json(body)
        if not isinstance(document, Mapping):
            raise _misshapen("a JSON object")
        return partial(text_at, document)
    try:
        text = body.decode()
        return dict(parse_qsl(text, max_num_fields=_MOST_FIELDS)).get
    except ValueError:
        raise _misshapen("the fields of a form") from None


def _misshapen(expected: str) -> InvalidError:
    return InvalidError("webhook", [Mistake("body", "something else", expected)])
