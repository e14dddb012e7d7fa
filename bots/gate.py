"""Who gets in: reviewers, by their own user id, wherever they write; nobody else."""

from __future__ import annotations

from collections import OrderedDict

from telegram import Update
from telegram.ext import ApplicationHandlerStop

from fink_ad.bots.context import Talk, is_private

__all__ = ["Gate"]

_REMEMBERED = 10_000  # strangers that were refused, lest they be told again and again
_OPEN_TO_ALL = ("/link", "/start", "/help")

_REFUSAL = (
    "Sorry, this bot serves the reviewers of one place only. If you are one, get a code from your"
    " review page or an operator, and send it here: /link CODE"
)


class Gate:
    """Stops every update that does not come from a reviewer; each stranger is told once."""

    def __init__(self) -> None:
        self._refused: OrderedDict[int, None] = OrderedDict()

    async def __call__(self, update: Update, talk: Talk) -> None:
        """Let an update pass, or stop it."""
        user = update.effective_user
        if user is None or user.is_bot:  # channel posts have no user
            raise ApplicationHandlerStop
        talk.reviewer_or_none = await talk.ask(talk.desk.store.chat_reviewer, user.id)
        if talk.reviewer_or_none is not None or _is_open(update):
            return
        if update.callback_query is not None:
            await update.callback_query.answer("You are not a reviewer here.", show_alert=True)
        elif is_private(update) and user.id not in self._refused:
            self._refused[user.id] = None
            if len(self._refused) > _REMEMBERED:
                self._refused.popitem(last=False)
            await talk.bot.send_message(user.id, _REFUSAL)
        raise ApplicationHandlerStop


def _is_open(update: Update) -> bool:
    text = (update.message and update.message.text) or ""
    command = text.split(maxsplit=1)[0].partition("@")[0] if text.strip() else ""
    return command in _OPEN_TO_ALL and (is_private(update) or command == "/link")
