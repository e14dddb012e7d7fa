"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "candidate",
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("alert_id", big, autoincrement=False, nullable=False),
        sa.Column("model_revision", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("night", big, nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("one_in", sa.Double(), nullable=False),
        sa.Column("beyond", sa.Boolean(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("top_features", sa.Text(), nullable=False),
        sa.Column("batch_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("survey", "alert_id", "model_revision", name="pk_candidate"),
    )
    op.create_index("ix_candidate_night_score", "candidate", ["night", "score"], unique=False)
    op.create_index(
        "ix_candidate_object_id_survey", "candidate", ["object_id", "survey"], unique=False
    )
    op.create_table(
        "dead_letter",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("partition", sa.Text(), nullable=False),
        sa.Column("position", big, autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("schema_hash", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("source", "partition", "position", name="pk_dead_letter"),
    )
    op.create_index("ix_dead_letter_reason", "dead_letter", ["reason"], unique=False)
    op.create_table(
        "history_part",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("night", big, nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("feature_schema", sa.Text(), nullable=False),
        sa.Column("model_revision", sa.Text(), nullable=False),
        sa.Column("n_rows", big, nullable=False),
        sa.Column("batch_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_history_part"),
    )
    op.create_index("ix_history_part_batch_key", "history_part", ["batch_key"], unique=False)
    op.create_index(
        "ix_history_part_survey_night", "history_part", ["survey", "night"], unique=False
    )
    op.create_table(
        "kept_alert",
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("alert_id", big, autoincrement=False, nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("night", big, nullable=False),
        sa.Column("mjd_utc", sa.Double(), nullable=True),
        sa.Column("ra_deg", sa.Double(), nullable=True),
        sa.Column("dec_deg", sa.Double(), nullable=True),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("n_det", big, nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("model_revision", sa.Text(), nullable=False),
        sa.Column("kept_for", big, nullable=False),
        sa.Column("sample_key", big, nullable=True),
        sa.Column("alert_schema", big, nullable=False),
        sa.Column("feature_schema", sa.Text(), nullable=False),
        sa.Column("broker_classes", sa.Text(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.Column("alert", sa.LargeBinary(), nullable=False),
        sa.Column("stamps", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("survey", "alert_id", name="pk_kept_alert"),
    )
    op.create_index("ix_kept_alert_kept_for", "kept_alert", ["kept_for"], unique=False)
    op.create_index(
        "ix_kept_alert_object_id_survey", "kept_alert", ["object_id", "survey"], unique=False
    )
    op.create_index(
        "ix_kept_alert_best",
        "kept_alert",
        ["survey", "population", "night", "score", "alert_id", "kept_for"],
        unique=False,
    )
    op.create_index(
        "ix_kept_alert_survey_population_sample_key",
        "kept_alert",
        ["survey", "population", "sample_key"],
        unique=False,
    )
    op.create_table(
        "ledger",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("partition", sa.Text(), nullable=False),
        sa.Column("start", big, autoincrement=False, nullable=False),
        sa.Column("stop", big, nullable=False),
        sa.Column("batch_key", sa.Text(), nullable=False),
        sa.Column("model_revision", sa.Text(), nullable=False),
        sa.Column("context_hash", sa.Text(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "partition", "start", name="pk_ledger"),
    )
    op.create_index("ix_ledger_batch_key", "ledger", ["batch_key"], unique=False)
    op.create_table(
        "night_count",
        sa.Column("night", big, autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("n", big, nullable=False),
        sa.PrimaryKeyConstraint(
            "night", "source", "survey", "kind", "reason", name="pk_night_count"
        ),
    )
    op.create_table(
        "reviewer",
        sa.Column("id", big, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reviewer"),
        sa.UniqueConstraint("name", name="uq_reviewer_name"),
    )
    op.create_table(
        "upgrade",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("fink_ad_version", sa.Text(), nullable=False),
        sa.Column("upgraded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("revision", name="pk_upgrade"),
    )
    op.create_table(
        "label",
        sa.Column("id", big, nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("alert_id", big, nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("reviewer_id", big, nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("model_revision", sa.Text(), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("retracts", big, nullable=True),
        sa.Column("feature_schema", sa.Text(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "(answer = 'retracted') = (retracts IS NOT NULL)", name="ck_label_retracts"
        ),
        sa.CheckConstraint(
            "answer IN ('anomaly', 'ordinary', 'bogus', 'unsure', 'retracted')",
            name="ck_label_answer",
        ),
        sa.ForeignKeyConstraint(["retracts"], ["label.id"], name="fk_label_retracts"),
        sa.ForeignKeyConstraint(["reviewer_id"], ["reviewer.id"], name="fk_label_reviewer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_label"),
        sa.UniqueConstraint("retracts", name="uq_label_retracts"),
        sa.UniqueConstraint(
            "reviewer_id",
            "survey",
            "alert_id",
            "answer",
            "answered_at",
            name="uq_label_reviewer_id_survey_alert_id_answer_answered_at",
        ),
    )
    op.create_index("ix_label_survey_object_id", "label", ["survey", "object_id"], unique=False)
    op.create_table(
        "model",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("reviewer_id", big, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("n_rows", big, nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["reviewer_id"], ["reviewer.id"], name="fk_model_reviewer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_model"),
    )
    op.create_table(
        "revision",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("model_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n_labels", big, nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name="fk_revision_model_id"),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
    )
    op.create_index("ix_revision_model_id", "revision", ["model_id"], unique=False)
    op.create_table(
        "activation",
        sa.Column("id", big, nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("reviewer_id", big, nullable=True),
        sa.Column("revision_id", sa.Text(), nullable=False),
        sa.Column("previous", big, nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["previous"], ["activation.id"], name="fk_activation_previous"),
        sa.ForeignKeyConstraint(["reviewer_id"], ["reviewer.id"], name="fk_activation_reviewer_id"),
        sa.ForeignKeyConstraint(["revision_id"], ["revision.id"], name="fk_activation_revision_id"),
        sa.PrimaryKeyConstraint("id", name="pk_activation"),
    )
    op.create_index(
        "ix_activation_survey_population_reviewer_id",
        "activation",
        ["survey", "population", "reviewer_id"],
        unique=False,
    )
