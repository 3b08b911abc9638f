"""The draft of a decision, and who may see a concern."""

import sqlalchemy as sa
from alembic import op

from bot.ledger.tables import Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the two tables."""
    op.create_table(
        "decision_drafts",
        sa.Column("concern", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=True),
        sa.Column("touched_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("concern", name="pk_decision_drafts"),
        sa.ForeignKeyConstraint(["concern"], ["concerns.id"], name="fk_decision_drafts_concern_concerns"),
    )
    op.create_table(
        "restrictions",
        sa.Column("concern", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("person", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("concern", "kind", "person", name="pk_restrictions"),
        sa.ForeignKeyConstraint(["concern"], ["concerns.id"], name="fk_restrictions_concern_concerns"),
    )
