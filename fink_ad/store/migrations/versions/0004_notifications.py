"""Tables of what goes out: accounts in the chat, subscriptions, watches, the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables that sending needs."""
    _add_people()
    _add_subscriptions()
    _add_notification()


def _add_people() -> None:
    op.create_table(
        "chat_account",
        sa.Column("user_id", big, autoincrement=False, nullable=False),
        sa.Column("chat_id", big, nullable=False),
        sa.Column("reviewer_id", big, nullable=False),
        sa.Column("linked_at", time, nullable=False),
        sa.Column("muted_until", time, nullable=True),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["reviewer.id"], name="fk_chat_account_reviewer_id"
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_chat_account"),
    )
    op.create_index("ix_chat_account_reviewer_id", "chat_account", ["reviewer_id"])
    op.create_table(
        "link_code",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("reviewer_id", big, nullable=False),
        sa.Column("expires_at", time, nullable=False),
        sa.ForeignKeyConstraint(["reviewer_id"], ["reviewer.id"], name="fk_link_code_reviewer_id"),
        sa.PrimaryKeyConstraint("sha256", name="pk_link_code"),
    )
    op.create_table(
        "link_try",
        sa.Column("id", big, nullable=False),
        sa.Column("user_id", big, nullable=False),
        sa.Column("tried_at", time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_link_try"),
    )
    op.create_index("ix_link_try_user_id_tried_at", "link_try", ["user_id", "tried_at"])


def _add_subscriptions() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", big, nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("reviewer_id", big, nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("per_night", big, nullable=False),
        sa.Column("rarity", sa.Double(), nullable=False),
        sa.Column("where", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("quiet_from", sa.Text(), nullable=False),
        sa.Column("quiet_to", sa.Text(), nullable=False),
        sa.Column("digest_at", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["reviewer.id"], name="fk_subscription_reviewer_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
    )
    op.create_index("ix_subscription_target", "subscription", ["target"])
    op.create_table(
        "watch",
        sa.Column("reviewer_id", big, nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("alert_id", big, nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.ForeignKeyConstraint(["reviewer_id"], ["reviewer.id"], name="fk_watch_reviewer_id"),
        sa.PrimaryKeyConstraint("reviewer_id", "survey", "object_id", name="pk_watch"),
    )


def _add_notification() -> None:
    name = ("target", "survey", "object_id", "model", "occasion")
    states = "'queued', 'sending', 'sent', 'expired', 'surplus', 'unwanted', 'failed'"
    op.create_table(
        "notification",
        sa.Column("id", big, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        *(sa.Column(one, sa.Text(), nullable=False) for one in name),
        sa.Column("subscription_id", big, nullable=True),
        sa.Column("alert_id", big, nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("model_revision", sa.Text(), nullable=False),
        sa.Column("night", big, nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("one_in", sa.Double(), nullable=True),
        sa.Column("beyond", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_at", time, nullable=False),
        sa.Column("expires_at", time, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", big, nullable=False),
        sa.Column("in_doubt", sa.Boolean(), nullable=False),
        sa.Column("claimed_until", time, nullable=True),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("created_at", time, nullable=False),
        sa.Column("sent_at", time, nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.CheckConstraint(f"state IN ({states})", name="ck_notification_state"),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name="fk_notification_subscription_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_notification"),
        sa.UniqueConstraint(*name, name="uq_notification_" + "_".join(name)),
    )
    for columns in (("state", "target", "due_at"), ("subscription_id", "night", "state")):
        op.create_index("ix_notification_" + "_".join(columns), "notification", list(columns))
