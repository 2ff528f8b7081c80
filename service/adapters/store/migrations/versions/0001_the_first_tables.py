"""The first tables."""

import sqlalchemy as sa
from alembic import op

from service.adapters.store.db.types import Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "actions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actions")),
        comment="What people and brakes did, and what must alarm somebody.",
    )
    op.create_table(
        "api_keys",
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "authorities",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_authorities")),
    )
    op.create_table(
        "facts",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_facts")),
        comment="What is true of this database as a whole: simulated, its clock.",
    )
    op.create_table(
        "pauses",
        sa.Column("scope", sa.String(length=130), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_pauses")),
    )
    op.create_table(
        "receipts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=True),
        sa.Column("code", sa.String(length=16), nullable=True),
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        comment="Every word of a provider after its answer, as it came.",
    )
    op.create_index(
        op.f("ix_receipts_message_id"), "receipts", ["message_id"], unique=False
    )

    op.create_table(
        "recipients",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("masked", sa.String(length=24), nullable=False),
        sa.Column("line", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column("opted_out_at", Instant(), nullable=True),
        sa.Column("unreachable_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipients")),
        sa.UniqueConstraint("digest", name=op.f("uq_recipients_digest")),
    )
    op.create_table(
        "registers",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("max_age_days", sa.Integer(), nullable=True),
        sa.Column("loaded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_registers")),
    )
    op.create_table(
        "rules",
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_rules")),
    )
    op.create_table(
        "golives",
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("live_from", Instant(), nullable=False),
        sa.Column("approved_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority"], ["authorities.code"], name=op.f("fk_golives_authority")
        ),
        sa.ForeignKeyConstraint(["rule"], ["rules.code"], name=op.f("fk_golives_rule")),
        sa.PrimaryKeyConstraint("authority", "rule", name=op.f("pk_golives")),
        comment="No row is draft: nothing is sent.",
    )
    op.create_table(
        "inbounds",
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("recipient_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("intent", sa.String(length=5), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name=op.f("fk_inbounds_recipient_id")
        ),
        sa.PrimaryKeyConstraint("provider", "provider_id", name=op.f("pk_inbounds")),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("recipient_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("provider_id", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("code", sa.String(length=16), nullable=True),
        sa.Column("claimed_at", Instant(), nullable=False),
        sa.Column("owner", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("posted_after", Instant(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=False),
        sa.Column("absent_at", Instant(), nullable=True),
        sa.Column("accepted_at", Instant(), nullable=True),
        sa.Column("final_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name=op.f("fk_messages_recipient_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "provider", "provider_id", name=op.f("uq_messages_provider_provider_id")
        ),
        comment="posted_after and lease_until are on the database's clock.",
    )
    op.create_index(
        op.f("ix_messages_accepted_at"), "messages", ["accepted_at"], unique=False
    )
    op.create_index(
        "ix_messages_open",
        "messages",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state IN ('sending', 'uncertain')"),
        postgresql_where=sa.text("state IN ('sending', 'uncertain')"),
    )
    op.create_index(
        op.f("ix_messages_recipient_id"), "messages", ["recipient_id"], unique=False
    )

    op.create_table(
        "versions",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("applied_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rule"], ["rules.code"], name=op.f("fk_versions_rule")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
    )
    op.create_index(op.f("ix_versions_rule"), "versions", ["rule"], unique=False)

    op.create_table(
        "permits",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("number_key", sa.String(length=64), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=True),
        sa.Column("shown_number", sa.String(length=64), nullable=False),
        sa.Column("tail", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("holder_code", sa.String(length=64), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("renewal_filed_on", sa.Date(), nullable=True),
        sa.Column("replaces", sa.String(length=64), nullable=True),
        sa.Column("replaced", sa.Boolean(), nullable=False),
        sa.Column("version_id", sa.String(length=120), nullable=False),
        sa.Column("register", sa.String(length=80), nullable=False),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("dated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority"], ["authorities.code"], name=op.f("fk_permits_authority")
        ),
        sa.ForeignKeyConstraint(
            ["register"], ["registers.name"], name=op.f("fk_permits_register")
        ),
        sa.ForeignKeyConstraint(["rule"], ["rules.code"], name=op.f("fk_permits_rule")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name=op.f("fk_permits_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permits")),
        sa.UniqueConstraint(
            "authority",
            "rule",
            "number_key",
            name=op.f("uq_permits_authority_rule_number_key"),
        ),
        comment="A personal number is encrypted, its key a digest. dated_at: since when the permit has had this expiry date and version.",
    )
    op.create_index(
        op.f("ix_permits_authority_rule_replaces"),
        "permits",
        ["authority", "rule", "replaces"],
        unique=False,
    )
    op.create_index(
        op.f("ix_permits_version_id_authority_expires_on"),
        "permits",
        ["version_id", "authority", "expires_on"],
        unique=False,
    )

    op.create_table(
        "slots",
        sa.Column("version_id", sa.String(length=120), nullable=False),
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("until_at", Instant(), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("expanded_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["authority"], ["authorities.code"], name=op.f("fk_slots_authority")
        ),
        sa.ForeignKeyConstraint(["rule"], ["rules.code"], name=op.f("fk_slots_rule")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name=op.f("fk_slots_version_id")
        ),
        sa.PrimaryKeyConstraint(
            "version_id", "authority", "expires_on", "step", name=op.f("pk_slots")
        ),
    )
    op.create_index(
        "ix_slots_due",
        "slots",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("expanded_at IS NULL"),
        postgresql_where=sa.text("expanded_at IS NULL"),
    )

    op.create_table(
        "permit_recipients",
        sa.Column("permit_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["permit_id"], ["permits.id"], name=op.f("fk_permit_recipients_permit_id")
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"],
            ["recipients.id"],
            name=op.f("fk_permit_recipients_recipient_id"),
        ),
        sa.PrimaryKeyConstraint(
            "permit_id", "position", name=op.f("pk_permit_recipients")
        ),
    )
    op.create_index(
        op.f("ix_permit_recipients_recipient_id"),
        "permit_recipients",
        ["recipient_id"],
        unique=False,
    )

    op.create_table(
        "reminders",
        sa.Column("permit_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("authority", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=120), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("until_at", Instant(), nullable=False),
        sa.Column("born_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("state_at", Instant(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("hold_reason", sa.Text(), nullable=True),
        sa.Column("retry_at", Instant(), nullable=True),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["permit_id"], ["permits.id"], name=op.f("fk_reminders_permit_id")
        ),
        sa.PrimaryKeyConstraint(
            "permit_id", "expires_on", "step", name=op.f("pk_reminders")
        ),
    )
    op.create_index(
        "ix_reminders_due",
        "reminders",
        ["until_at", "permit_id"],
        unique=False,
        sqlite_where=sa.text("state = 'due'"),
        postgresql_where=sa.text("state = 'due'"),
    )
    op.create_index(
        op.f("ix_reminders_message_id"), "reminders", ["message_id"], unique=False
    )
    op.create_index(
        op.f("ix_reminders_sent_at"), "reminders", ["sent_at"], unique=False
    )
    op.create_index(
        op.f("ix_reminders_state_at"), "reminders", ["state_at"], unique=False
    )

    op.create_table(
        "message_reminders",
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("permit_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_message_reminders_message_id"),
        ),
        sa.ForeignKeyConstraint(
            ["permit_id", "expires_on", "step"],
            ["reminders.permit_id", "reminders.expires_on", "reminders.step"],
            name="fk_message_reminders_reminder",
        ),
        sa.PrimaryKeyConstraint(
            "message_id", "position", name=op.f("pk_message_reminders")
        ),
    )
    op.create_index(
        op.f("ix_message_reminders_permit_id_expires_on_step"),
        "message_reminders",
        ["permit_id", "expires_on", "step"],
        unique=False,
    )

    op.create_table(
        "reminder_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("permit_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.ForeignKeyConstraint(
            ["permit_id", "expires_on", "step"],
            ["reminders.permit_id", "reminders.expires_on", "reminders.step"],
            name="fk_reminder_events_reminder",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_events")),
        comment="Every move of a reminder after its birth.",
    )
    op.create_index(
        op.f("ix_reminder_events_permit_id_expires_on_step"),
        "reminder_events",
        ["permit_id", "expires_on", "step"],
        unique=False,
    )
