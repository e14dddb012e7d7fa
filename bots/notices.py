"""Short notices of errors to the operators' chat: few, and without what people wrote."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import structlog
from telegram.error import ChatMigrated, TelegramError

from fink_ad.bots.context import Bot

__all__ = ["Notices"]

_PERIOD_SECONDS = 3600.0
_MOST = 6  # in a period; the same is told once in it

_log = structlog.get_logger(__name__)


class Notices:
    """Tells operators that something failed, not more often than they can bear.

    A notice says what failed and the class of the error, never its words: they may hold names,
    notes and addresses. The log has them.

    Parameters
    ----------
    bot : telegram.ext.ExtBot
    chat_id : int or None
        Where operators read; None: nobody is told.
    clock : callable
        Gives seconds that never go back.
    """

    def __init__(
        self, bot: Bot, chat_id: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._bot, self._chat_id, self._clock = bot, chat_id, clock
        self._told: deque[tuple[float, str]] = deque()
        self._held_back = 0

    async def tell(self, what: str, error: BaseException) -> None:
        """Tell that something failed, unless that was told lately; never raises for it."""
        if self._chat_id is None:
            return
        text = f"Bot: {what} ({type(error).__name__}). The log says more."
        now = self._clock()
        while self._told and self._told[0][0] <= now - _PERIOD_SECONDS:
            self._told.popleft()
        if len(self._told) >= _MOST or any(told == text for _, told in self._told):
            self._held_back += 1
            return
        self._told.append((now, text))
        before, self._held_back = self._held_back, 0
        if before:
            text = f"{text} {before} more held back before this."
        try:
            try:
                await self._bot.send_message(self._chat_id, text)
            except ChatMigrated as moved:
                self._chat_id = moved.new_chat_id
                await self._bot.send_message(self._chat_id, text)
        except TelegramError as lost:
            _log.warning("notice_not_sent", error=lost.message)
