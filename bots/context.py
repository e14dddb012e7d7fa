"""What every handler of the bot is given: the desk, the settings, and who is talking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from telegram import Chat as TelegramChat
from telegram import Message, Update
from telegram.constants import ChatType
from telegram.ext import Application, CallbackContext, ExtBot

from fink_ad.errors import ReviewError
from fink_ad.review.desk import Desk
from fink_ad.store import ReviewerRecord

__all__ = ["CHANNEL", "Bot", "Talk", "is_private", "message_of", "target_of"]

CHANNEL = "telegram"
"""Channel of the answers given here."""

Bot = ExtBot[Any]

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Talk(CallbackContext[Bot, dict[Any, Any], dict[Any, Any], dict[Any, Any]]):
    """The context of one update, with the reviewer that the gate let in."""

    reviewer_or_none: ReviewerRecord | None = None

    def __init__(
        self,
        application: Application[Any, Any, Any, Any, Any, Any],
        chat_id: int | None = None,
        user_id: int | None = None,
    ) -> None:
        super().__init__(application, chat_id, user_id)

    @property
    def reviewer(self) -> ReviewerRecord:
        """Who is talking.

        Raises
        ------
        ReviewError
            If that is a stranger.
        """
        if self.reviewer_or_none is None:
            raise ReviewError("you are not linked to a reviewer yet; see /help")
        return self.reviewer_or_none

    @property
    def desk(self) -> Desk:
        """What a screen may ask."""
        desk: Desk = self.bot_data["desk"]
        return desk

    @property
    def now(self) -> datetime:
        """The time, by the clock of the bot."""
        clock: Callable[[], datetime] = self.bot_data.get("clock", _now)
        return clock()

    async def ask(self, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Do blocking work in a thread, so that other chats go on."""
        return await asyncio.to_thread(work, *args, **kwargs)


def is_private(update: Update) -> bool:
    """Say whether only one person reads what is written here."""
    chat = update.effective_chat
    return isinstance(chat, TelegramChat) and chat.type == ChatType.PRIVATE


def target_of(update: Update) -> str:
    """Return the name of a chat in subscriptions and in the outbox."""
    chat = update.effective_chat
    if chat is None:
        raise ReviewError("this works in a chat only")
    return f"{CHANNEL}:{chat.id}"


def message_of(update: Update) -> Message:
    """Return the message an update is about, of a tap the one with the button."""
    message = update.effective_message
    if message is None:
        raise ReviewError("this works with a message only; ask for the object again")
    return message


def _now() -> datetime:
    return datetime.now(UTC)
