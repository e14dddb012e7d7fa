"""Imports that were found not to be trustworthy."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let an import be left out of learning and judging."""
    op.add_column(
        "label_import", sa.Column("distrusted_at", sa.DateTime(timezone=True), nullable=True)
    )
