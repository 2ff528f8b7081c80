"""Every table, imported from here so that the metadata is complete.

Migrations build the tables; a test compares them with this metadata.
"""

from service.adapters.store.db.schema.installation_tables import (
    actions,
    api_keys,
    facts,
    servers,
)
from service.adapters.store.db.schema.law_tables import (
    authorities,
    calendar_years,
    rules,
    versions,
)
from service.adapters.store.db.schema.lookup_tables import lookup_answers, lookups
from service.adapters.store.db.schema.message_tables import (
    OPEN_MESSAGE,
    UNCONFIRMED_MESSAGE,
    circuits,
    inbounds,
    leases,
    message_reminders,
    messages,
    rates,
    receipts,
    turns,
)
from service.adapters.store.db.schema.metadata import metadata
from service.adapters.store.db.schema.office_tables import (
    forecasts,
    golives,
    pauses,
    staff,
    templates,
)
from service.adapters.store.db.schema.permit_tables import (
    import_changes,
    import_refusals,
    imports,
    permit_recipients,
    permits,
    recipients,
    registers,
    renewals,
)
from service.adapters.store.db.schema.reminder_tables import (
    WAITING_REMINDER,
    reminder_events,
    reminders,
    slots,
)

__all__ = (
    "OPEN_MESSAGE",
    "UNCONFIRMED_MESSAGE",
    "WAITING_REMINDER",
    "actions",
    "api_keys",
    "authorities",
    "calendar_years",
    "circuits",
    "facts",
    "forecasts",
    "golives",
    "import_changes",
    "import_refusals",
    "imports",
    "inbounds",
    "leases",
    "lookup_answers",
    "lookups",
    "message_reminders",
    "messages",
    "metadata",
    "pauses",
    "permit_recipients",
    "permits",
    "rates",
    "receipts",
    "recipients",
    "registers",
    "reminder_events",
    "reminders",
    "renewals",
    "rules",
    "servers",
    "slots",
    "staff",
    "templates",
    "turns",
    "versions",
)
