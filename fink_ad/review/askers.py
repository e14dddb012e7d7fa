"""Whether who asked for something may have it sent there still: rights change, wishes stay."""

from __future__ import annotations

from datetime import datetime

from fink_ad.config import Settings
from fink_ad.review.operator_notices import queue_notice
from fink_ad.store import Store
from fink_ad.store.records.notifications import ChatAccount

__all__ = ["account_of", "is_private", "queue_lapse_notice", "why_lapsed"]


def is_private(settings: Settings, target: str) -> bool:
    """Tell whether a target is a chat with one person; that of the operators is open to all."""
    is_chat = target.startswith("telegram:") and not target.startswith("telegram:-")
    return is_chat and target != f"telegram:{settings.bot.operators_chat}"


def account_of(store: Store, target: str) -> ChatAccount | None:
    """Return the account of the reviewer whose private chat a target is."""
    for account in store.chat_accounts():
        is_theirs = target == f"telegram:{account.chat_id}"
        if is_theirs and store.chat_reviewer(account.user_id) is not None:
            return account
    return None


def why_lapsed(store: Store, settings: Settings, target: str, reviewer_id: int) -> str:
    """Return why what a reviewer asked to be sent to a target is not, "" if it is.

    To a private chat is sent what who is linked there asked for, elsewhere what operators did.
    """
    account = account_of(store, target)
    if account is not None and account.reviewer_id == reviewer_id:
        return ""
    if account is not None or is_private(settings, target):
        return "who asked for it is not linked to this chat any more"
    asker = next((one for one in store.reviewers() if one.id == reviewer_id), None)
    if asker is None or not asker.active or asker.role != "operator":
        name = f"reviewer {reviewer_id}" if asker is None else asker.name
        return f"{name} asked for it, who is no operator any more"
    return ""


def queue_lapse_notice(
    store: Store, settings: Settings, target: str, why: str, now: datetime
) -> None:
    """Queue a word to the operators, once, that what was asked for is not sent any more."""
    body = f"Nothing is sent to {target} any more: {why}. An operator can ask for it anew."
    queue_notice(store, settings, f"lapsed {target}: {why}", body, now)
