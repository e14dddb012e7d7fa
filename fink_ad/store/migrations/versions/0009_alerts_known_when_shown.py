"""What was known of an object when it was shown, and the last answers found fast."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Remember the latest kept alert of the object; unknown for showings of before."""
    op.create_index("ix_label_reviewer_id_id", "label", ["reviewer_id", "id"])
    op.add_column("showing", sa.Column("latest_alert_id", sa.BigInteger(), nullable=True))
