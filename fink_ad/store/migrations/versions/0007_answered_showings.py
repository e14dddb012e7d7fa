"""Showings found by alert, so that they are joined with answers fast."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the index of a reviewer's showings know the alert."""
    op.drop_index("ix_showing_reviewer_id_survey", "showing")
    op.create_index(
        "ix_showing_reviewer_id_survey_alert_id",
        "showing",
        ["reviewer_id", "survey", "alert_id"],
    )
