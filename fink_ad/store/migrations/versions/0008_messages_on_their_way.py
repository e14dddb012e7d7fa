"""Since when a message is on its way: only then may it have arrived."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tell what is on its way from what is only in hand; of what is in hand now take the former."""
    op.add_column("notification", sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE notification SET begun_at = created_at WHERE state = 'sending'")
