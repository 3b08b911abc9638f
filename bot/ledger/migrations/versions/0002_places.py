"""Where people are to be found in a chat, and the one-time codes by which the DSL place is learnt."""

import sqlalchemy as sa
from alembic import op

from bot.ledger.tables import Moment

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "places",
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("learnt_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_places"),
    )
    op.create_table(
        "codes",
        sa.Column("purpose", sa.String(255), nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("ends_at", Moment, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("purpose", name="pk_codes"),
    )
