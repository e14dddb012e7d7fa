"""What is said to one person is not said in a group."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from telegram import Update

from fink_ad.bots.context import Talk, is_private
from fink_ad.errors import ReviewError

__all__ = ["in_private"]

Handler = Callable[[Update, Talk], Coroutine[Any, Any, None]]


def in_private(handler: Handler) -> Handler:
    """Let a command work in private chats only."""

    @wraps(handler)
    async def guarded(update: Update, talk: Talk) -> None:
        if not is_private(update):
            raise ReviewError("ask me that in private: others read along here")
        await handler(update, talk)

    return guarded
