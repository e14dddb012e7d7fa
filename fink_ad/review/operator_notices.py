"""Words to the operators' chat from any process, by way of the outbox."""

from __future__ import annotations

from datetime import datetime, timedelta

from fink_ad.config import Settings
from fink_ad.store import Store
from fink_ad.store.records.notifications import SHARED, NewNotification

__all__ = ["queue_notice"]

_EXPIRY = timedelta(days=7)  # the bot may be what is down


def queue_notice(store: Store, settings: Settings, occasion: str, body: str, now: datetime) -> int:
    """Queue a word to the operators, once for an occasion; return how many are new: one or none.

    Without a chat of operators (setting ``bot.operators_chat``) there is nobody to tell.
    """
    chat = settings.bot.operators_chat
    if chat is None:
        return 0
    notice = NewNotification(
        kind="notice",
        target=f"telegram:{chat}",
        survey="",
        object_id="",
        model=SHARED,
        occasion=occasion,
        due_at=now,
        expires_at=now + _EXPIRY,
        body=body,
    )
    return store.queue_notifications([notice])
