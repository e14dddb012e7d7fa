"""Tables of the loop: from an answer to a new order of the candidates."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns and tables that relearning, showing and retraining need."""
    _add_columns()
    _add_tables()


def _add_columns() -> None:
    # In place also on SQLite: a copy would lose the triggers of the labels.
    op.add_column(
        "reviewer",
        sa.Column(
            "role",
            sa.Text(),
            sa.CheckConstraint("role IN ('reviewer', 'operator')", name="role"),
            server_default="reviewer",
            nullable=False,
        ),
    )
    op.add_column(
        "reviewer",
        sa.Column("personal", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("label", sa.Column("token", sa.Text(), nullable=True))
    op.create_index("ix_label_token", "label", ["token"], unique=True)
    op.create_index("ix_label_survey_population_id", "label", ["survey", "population", "id"])
    tags = sa.Column("tags", sa.Text(), server_default="[]", nullable=False)
    if op.get_bind().dialect.name == "sqlite":
        # A copy, so that the tags stand before the blobs: to read them behind, SQLite would
        # have to follow the pages of all stamps.
        with op.batch_alter_table("kept_alert", recreate="always") as kept_alert:
            kept_alert.add_column(tags, insert_after="broker_classes")
    else:
        op.add_column("kept_alert", tags)


def _add_tables() -> None:
    op.create_table(
        "decision",
        sa.Column("id", big, nullable=False),
        sa.Column("contender", sa.Text(), nullable=False),
        sa.Column("incumbent", sa.Text(), nullable=True),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("reviewer_id", big, nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("decided_at", time, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('promoted', 'not promoted', 'not enough evidence', 'rolled back')",
            name="verdict",
        ),
        sa.ForeignKeyConstraint(["contender"], ["revision.id"], name="fk_decision_contender"),
        sa.ForeignKeyConstraint(["incumbent"], ["revision.id"], name="fk_decision_incumbent"),
        sa.ForeignKeyConstraint(["reviewer_id"], ["reviewer.id"], name="fk_decision_reviewer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_table(
        "drift",
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("night", big, autoincrement=False, nullable=False),
        sa.Column("model_revision", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("alarm", sa.Boolean(), nullable=False),
        sa.Column("measured_at", time, nullable=False),
        sa.PrimaryKeyConstraint("survey", "population", "night", "model_revision", name="pk_drift"),
    )
    op.create_table(
        "job_run",
        sa.Column("id", big, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due", time, nullable=False),
        sa.Column("started_at", time, nullable=False),
        sa.Column("finished_at", time, nullable=True),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job_run"),
        sa.UniqueConstraint("name", "due", name="uq_job_run_name_due"),
    )
    op.create_table(
        "label_import",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("imported_at", time, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("n_rows", big, nullable=False),
        sa.Column("n_stored", big, nullable=False),
        sa.Column("trusted_at", time, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_label_import"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("term", big, nullable=False),
        sa.Column("acquired_at", time, nullable=False),
        sa.Column("renewed_at", time, nullable=False),
        sa.Column("expires_at", time, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "published_order",
        sa.Column("id", big, nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("reviewer_id", big, nullable=True),
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("label_position", big, nullable=False),
        sa.Column("n_objects", big, nullable=False),
        sa.Column("published_at", time, nullable=False),
        sa.Column("calibration", sa.Text(), nullable=False),
        sa.Column("columns", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["reviewer.id"], name="fk_published_order_reviewer_id"
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name="fk_published_order_revision_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_published_order"),
    )
    op.create_index(
        "ix_published_order_survey_population_reviewer_id_id",
        "published_order",
        ["survey", "population", "reviewer_id", "id"],
    )
    op.create_table(
        "showing",
        sa.Column("id", big, nullable=False),
        sa.Column("reviewer_id", big, nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("alert_id", big, nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("model_revision", sa.Text(), nullable=False),
        sa.Column("draw", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("one_in", sa.Double(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("place", big, nullable=False),
        sa.Column("order_size", big, nullable=False),
        sa.Column("drawn_at", time, nullable=False),
        sa.Column("leased_until", time, nullable=False),
        sa.Column("shown_at", time, nullable=True),
        sa.ForeignKeyConstraint(["reviewer_id"], ["reviewer.id"], name="fk_showing_reviewer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_showing"),
    )
    op.create_index("ix_showing_leased_until", "showing", ["leased_until"])
    op.create_index("ix_showing_reviewer_id_survey", "showing", ["reviewer_id", "survey"])
