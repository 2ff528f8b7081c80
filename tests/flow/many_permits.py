"""A million permits on PostgreSQL, with a past: copies of what two of them left."""

from datetime import date
from typing import Any, Final

import psycopg

from service.adapters.store.db.schema import metadata

PERMITS: Final = 1_000_000
TEXTED: Final = 200_000
"""Of these, so many have a reminder that was sent and delivered."""

FIRST_EXPIRY: Final = date(2015, 1, 1)
EXPIRY_DATES: Final = 3650
SLOTS: Final = 66_000

_ID: Final = "('{}' || lpad(to_hex(n), 24, '0'))::uuid"
_NEXT: Final = "nextval(pg_get_serial_sequence('{}', 'id'))"
_EXPIRES: Final = f"DATE '{FIRST_EXPIRY}' + (n % {EXPIRY_DATES})"
_PERMIT, _RECIPIENT, _MESSAGE = map(_ID.format, ("01920001", "01920002", "01920003"))
_KEY: Final = {"permit_id": _PERMIT, "expires_on": _EXPIRES}

_CLONES: Final[dict[str, tuple[str, str, int, dict[str, str]]]] = {
    "recipients": (
        "id IN (SELECT recipient_id FROM messages)",
        "id",
        PERMITS,
        {
            "id": _RECIPIENT,
            "digest": "decode(lpad(to_hex(n), 64, '0'), 'hex')",
        },
    ),
    "permits": (
        "shown_number = 'SC-0001'",
        "id",
        PERMITS,
        {
            "id": _PERMIT,
            "number_key": "'N-' || lpad(n::text, 7, '0')",
            "shown_number": "'N-' || lpad(n::text, 7, '0')",
            "expires_on": _EXPIRES,
        },
    ),
    "permit_recipients": (
        "true",
        "permit_id",
        PERMITS,
        {
            "permit_id": _PERMIT,
            "recipient_id": _RECIPIENT,
        },
    ),
    "slots": (
        "step = 'prepare'",
        "expires_on",
        SLOTS,
        {
            "series": f"series || '-' || n / {EXPIRY_DATES}",
            "expires_on": _EXPIRES,
            "expanded_at": "due_at",
        },
    ),
    "reminders": (
        "state = 'delivered'",
        "permit_id",
        TEXTED,
        {**_KEY, "message_id": _MESSAGE},
    ),
    "messages": (
        "state = 'delivered'",
        "id",
        TEXTED,
        {
            "id": _MESSAGE,
            "recipient_id": _RECIPIENT,
            "provider_id": "'SM-' || n",
        },
    ),
    "message_reminders": (
        "true",
        "message_id",
        TEXTED,
        {**_KEY, "message_id": _MESSAGE},
    ),
    "reminder_events": (
        "state = 'delivered'",
        "id",
        TEXTED,
        {**_KEY, "id": _NEXT},
    ),
    "receipts": (
        "true",
        "id",
        TEXTED,
        {
            "id": _NEXT,
            "message_id": _MESSAGE,
            "provider_id": "'SM-' || n",
        },
    ),
}
"""By table, in the order of foreign keys: which row is copied, how often, and what
each copy has of its own."""

BIG: Final = frozenset(_CLONES)


def fill(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Copy the rows of a permit that was texted, and gather statistics."""
    connection.execute("SET session_replication_role = replica")  # no foreign keys
    for name, (where, order, copies, own) in _CLONES.items():
        columns = [column.name for column in metadata.tables[name].columns]
        names = ", ".join(f'"{one}"' for one in columns)
        values = ", ".join(own.get(one, f'"{one}"').format(name) for one in columns)
        connection.execute(
            f"""INSERT INTO {name} ({names}) SELECT {values} FROM
            (SELECT * FROM {name} WHERE {where} ORDER BY {order} LIMIT 1) AS one,
            generate_series(1, {copies}) AS n ON CONFLICT DO NOTHING"""  # noqa: S608 - our words  # type: ignore[arg-type]
        )
    connection.execute("VACUUM ANALYZE")
