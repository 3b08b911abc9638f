"""The first tables."""

import sqlalchemy as sa
from alembic import op

from bot.ledger.tables import Moment

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything, as bot/tables.py describes it."""
    op.create_table(
        "heard",
        sa.Column("event", sa.String(255), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("event", name="pk_heard"),
    )
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person", sa.String(255), nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("touched_at", Moment, nullable=False),
        sa.Column("begun_at", Moment, nullable=True),
        sa.Column("urgent", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("about", sa.String(16), nullable=True),
        sa.Column("reminded", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
        sa.UniqueConstraint("person", name="uq_conversations_person"),
    )
    op.create_table(
        "concerns",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(32), nullable=False),
        sa.Column("conversation", sa.String(32), nullable=False),
        sa.Column("about", sa.String(16), nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("reporter", sa.String(255), nullable=False),
        sa.Column("logged_at", Moment, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=True),
        sa.Column("sealed", sa.LargeBinary, nullable=True),
        sa.Column("drill", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("seen", sa.Integer, nullable=False, server_default="1"),
        sa.Column("decide", sa.Integer, nullable=False, server_default="0"),
        sa.Column("quiet", sa.Integer, nullable=False, server_default="0"),
        sa.Column("unheard", sa.Integer, nullable=False, server_default="0"),
        sa.Column("next_at", Moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_concerns"),
        sa.UniqueConstraint("reference", name="uq_concerns_reference"),
        sa.UniqueConstraint("conversation", name="uq_concerns_conversation"),
    )
    op.create_index("ix_conversations_next_at", "conversations", ["next_at"])
    op.create_index("ix_concerns_reporter", "concerns", ["reporter"])
    op.create_index("ix_concerns_next_at", "concerns", ["next_at"])
    op.create_table(
        "tombstones",
        sa.Column("concern", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(32), nullable=False),
        sa.Column("logged_at", Moment, nullable=False),
        sa.Column("forgotten_at", Moment, nullable=False),
        sa.Column("who", sa.String(255), nullable=False),
        sa.Column("why", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("concern", name="pk_tombstones"),
        sa.ForeignKeyConstraint(["concern"], ["concerns.id"], name="fk_tombstones_concern_concerns"),
    )
    op.create_table(
        "chronology",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("concern", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("link", sa.Integer, nullable=False),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chronology"),
        sa.UniqueConstraint("link", name="uq_chronology_link"),
        sa.ForeignKeyConstraint(["concern"], ["concerns.id"], name="fk_chronology_concern_concerns"),
        sa.UniqueConstraint("concern", "number", name="uq_chronology_concern_number"),
    )
    op.create_table(
        "alerts",
        sa.Column("key", sa.String(96), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("concern", sa.String(32), nullable=True),
        sa.Column("told", sa.String(255), nullable=False),
        sa.Column("via", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_at", Moment, nullable=True),
        sa.Column("lease_until", Moment, nullable=True),
        sa.Column("receipt", sa.String(255), nullable=True),
        sa.Column("drawn", sa.Integer, nullable=False),
        sa.Column("delivered_at", Moment, nullable=True),
        sa.Column("last_failure", sa.String(255), nullable=True),
        sa.Column("step", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("key", name="pk_alerts"),
        sa.ForeignKeyConstraint(["concern"], ["concerns.id"], name="fk_alerts_concern_concerns"),
    )
    op.create_index("ix_alerts_concern", "alerts", ["concern"])
    op.create_index("ix_alerts_due_at", "alerts", ["due_at"])
    op.create_table(
        "chain",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("link", sa.Integer, nullable=False),
        sa.Column("mac", sa.LargeBinary, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chain"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("alert", sa.String(96), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("via", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["alert"], ["alerts.key"], name="fk_deliveries_alert_alerts"),
    )
    op.create_index("ix_deliveries_alert", "deliveries", ["alert"])
    op.create_table(
        "proofs",
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("tried_at", Moment, nullable=False),
        sa.Column("proved_at", Moment, nullable=True),
        sa.Column("receipt", sa.String(255), nullable=True),
        sa.Column("failure", sa.String(255), nullable=True),
        sa.PrimaryKeyConstraint("channel", name="pk_proofs"),
    )
    pulse = op.create_table(
        "pulse",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("beats", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pulse"),
    )
    op.bulk_insert(pulse, [{"id": 1, "beats": 0}])
    op.create_table(
        "questions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("route", sa.String(16), nullable=False),
        sa.Column("topic", sa.String(64), nullable=True),
        sa.Column("score", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
    )
    op.create_table(
        "numbers",
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("year", name="pk_numbers"),
    )
