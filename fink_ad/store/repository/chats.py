"""Accounts in the chat: which user is which reviewer, linked by codes that serve once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Select, delete, func, insert, select, update

from fink_ad.errors import StoreError
from fink_ad.store.records import ReviewerRecord
from fink_ad.store.records.notifications import ChatAccount as ChatAccountRecord
from fink_ad.store.repository.part import StorePart, record_of
from fink_ad.store.repository.reviewers import check_reviewer
from fink_ad.store.tables import ChatAccount, LinkCode, LinkTry, Reviewer, Subscription, Watch
from fink_ad.store.upserts import table_of, upsert

__all__ = ["Chats", "LinkFailure"]

LinkFailure = Literal["unknown", "too many tries"]

_TRIES, _WITHIN = 5, timedelta(hours=1)


class Chats(StorePart):
    """Chat accounts in the store."""

    def add_link_code(self, reviewer_id: int, sha256: str, lifetime: timedelta) -> datetime:
        """Store the hash of a code that links an account to a reviewer; return when it ends.

        Raises
        ------
        StoreError
            If the reviewer is unknown or retired.
        """
        now = self._clock()
        with self.database.writing("chats") as connection:
            check_reviewer(connection, reviewer_id)
            connection.execute(delete(LinkCode).where(LinkCode.expires_at <= now))
            row = {"sha256": sha256, "reviewer_id": reviewer_id, "expires_at": now + lifetime}
            connection.execute(insert(LinkCode).values(row))
        return now + lifetime

    def spend_link_code(self, sha256: str) -> None:
        """Make a code worthless."""
        with self.database.writing("chats") as connection:
            connection.execute(delete(LinkCode).where(LinkCode.sha256 == sha256))

    def link_chat(self, user_id: int, chat_id: int, sha256: str) -> ReviewerRecord | LinkFailure:
        """Make a user of the chat the reviewer whose code this is; the code is spent.

        A user has five tries an hour, right or wrong; who was linked before is linked anew. What
        another reviewer asked to be told there, subscriptions and watches, ends.

        Returns
        -------
        ReviewerRecord or str
            Or why not: the code is ``unknown`` (wrong, spent or too old), or ``too many tries``.
        """
        now = self._clock()
        with self.database.writing("chats", "subscriptions") as connection:
            connection.execute(delete(LinkTry).where(LinkTry.tried_at <= now - _WITHIN))
            tries = select(func.count()).where(LinkTry.user_id == user_id)
            if connection.execute(tries).scalar_one() >= _TRIES:
                return "too many tries"
            connection.execute(insert(LinkTry).values(user_id=user_id, tried_at=now))
            spent = (
                delete(LinkCode)
                .where(LinkCode.sha256 == sha256, LinkCode.expires_at > now)
                .returning(LinkCode.reviewer_id)
            )
            reviewer_id = connection.execute(spent).scalar()
            if reviewer_id is None:
                return "unknown"
            check_reviewer(connection, reviewer_id)
            account = ChatAccountRecord(user_id, chat_id, reviewer_id, now)
            upsert(connection, ChatAccount, [vars(account)], lambda old, new: _all_of(new))
            _end_of_others(connection, f"telegram:{chat_id}", reviewer_id)
            return _reviewer(connection, user_id)

    def chat_reviewer(self, user_id: int) -> ReviewerRecord | None:
        """Return the reviewer that a user of the chat is; None for strangers and the retired."""
        query = _reviewers().where(ChatAccount.user_id == user_id, Reviewer.active)
        with self.database.reading() as connection:
            row = connection.execute(query).one_or_none()
            return None if row is None else record_of(ReviewerRecord, row)

    def chat_accounts(self, reviewer_id: int | None = None) -> tuple[ChatAccountRecord, ...]:
        """Return the linked accounts of one reviewer, or of all, by user id."""
        query = select(table_of(ChatAccount)).order_by(ChatAccount.user_id)
        if reviewer_id is not None:
            query = query.where(ChatAccount.reviewer_id == reviewer_id)
        with self.database.reading() as connection:
            return tuple(record_of(ChatAccountRecord, row) for row in connection.execute(query))

    def unlink_chat(self, user_id: int) -> None:
        """Make a user of the chat a stranger again."""
        with self.database.writing("chats") as connection:
            connection.execute(delete(ChatAccount).where(ChatAccount.user_id == user_id))

    def mute_chat(self, user_id: int, until: datetime | None) -> None:
        """Send nothing to the private chat of a user before some time; None for send again.

        Raises
        ------
        StoreError
            If the user is not linked.
        """
        change = update(ChatAccount).where(ChatAccount.user_id == user_id).values(muted_until=until)
        with self.database.writing("chats") as connection:
            if connection.execute(change).rowcount == 0:
                raise StoreError(f"user {user_id} of the chat is no reviewer; link it first")


def _end_of_others(connection: Connection, target: str, reviewer_id: int) -> None:
    connection.execute(
        delete(Watch).where(Watch.target == target, Watch.reviewer_id != reviewer_id)
    )
    connection.execute(
        update(Subscription)
        .where(Subscription.target == target, Subscription.reviewer_id != reviewer_id)
        .values(active=False)
    )


def _reviewers() -> Select[Any]:
    return select(table_of(Reviewer)).join(ChatAccount, ChatAccount.reviewer_id == Reviewer.id)


def _reviewer(connection: Connection, user_id: int) -> ReviewerRecord:
    row = connection.execute(_reviewers().where(ChatAccount.user_id == user_id)).one()
    return record_of(ReviewerRecord, row)


def _all_of(new: object) -> dict[str, object]:
    names = ("chat_id", "reviewer_id", "linked_at", "muted_until")
    return {name: getattr(new, name) for name in names}
