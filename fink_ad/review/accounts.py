"""Link the account of a chat to a reviewer, by a code that serves once."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from fink_ad.errors import ReviewError
from fink_ad.store import ReviewerRecord, Store

__all__ = ["CODE_LIFETIME", "LinkCode", "link_account", "new_link_code", "spend_code"]

CODE_LIFETIME = timedelta(minutes=10)

_N_BYTES = 10  # 80 random bits: 16 letters and digits


@dataclass(frozen=True)
class LinkCode:
    """A code to hand to one reviewer; it is written down nowhere."""

    code: str
    expires_at: datetime


def new_link_code(store: Store, reviewer: ReviewerRecord) -> LinkCode:
    """Return a code of 80 random bits that links one account to a reviewer within ten minutes.

    Raises
    ------
    StoreError
        If the reviewer is retired.
    """
    text = base64.b32encode(secrets.token_bytes(_N_BYTES)).decode()
    expires_at = store.add_link_code(reviewer.id, _hash(text), CODE_LIFETIME)
    return LinkCode("-".join(text[i : i + 4] for i in range(0, len(text), 4)), expires_at)


def link_account(store: Store, user_id: int, chat_id: int, code: str) -> ReviewerRecord:
    """Make a user of the chat the reviewer whose code this is.

    Raises
    ------
    ReviewError
        If the code is wrong, spent or too old, or the user has tried five times in an hour.
    """
    found = store.link_chat(user_id, chat_id, _hash(code))
    if found == "too many tries":
        raise ReviewError(
            "five codes were tried within an hour; wait an hour and ask for a new one"
        )
    if found == "unknown":
        raise ReviewError(
            "this code is wrong, was used, or is older than ten minutes; ask for a new one on the"
            " page, or an operator for `fink-ad reviewers link`"
        )
    if isinstance(found, str):
        raise TypeError(found)
    return found


def spend_code(store: Store, code: str) -> None:
    """Make a code worthless, for example because others have read it."""
    store.spend_link_code(_hash(code))


def _hash(code: str) -> str:
    """Hash a code as people type it; with so many random bits no salt is needed."""
    plain = "".join(code.split()).replace("-", "").upper()
    return hashlib.sha256(plain.encode(errors="replace")).hexdigest()
