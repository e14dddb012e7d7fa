"""What became of a showing, how promising it was, and imported answers counted fast."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Remember when a candidate was given back, and the probability told with it."""
    op.add_column("showing", sa.Column("p_interesting", sa.Double(), nullable=True))
    op.add_column(
        "showing",
        sa.Column("n_calibration", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column("showing", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_label_channel", "label", ["channel"])
