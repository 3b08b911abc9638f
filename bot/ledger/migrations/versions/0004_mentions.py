"""The blind index of names: which concerns name somebody, and the key it is made with."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "mentions",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("concern", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("digest", "concern", name="pk_mentions"),
        sa.ForeignKeyConstraint(["concern"], ["concerns.id"], name="fk_mentions_concern_concerns"),
    )
    op.create_index("ix_mentions_concern", "mentions", ["concern"])
    op.create_table(
        "index_key",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_index_key"),
    )
