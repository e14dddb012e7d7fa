"""Who gets in: reviewers, by their own user id, wherever they write; nobody else."""

from __future__ import annotations

from collections import OrderedDict

import structlog
from telegram import Update
from telegram.error import TelegramError
from telegram.ext import ApplicationHandlerStop

from fink_ad.bots.context import Talk, is_private
from fink_ad.bots.messages import acknowledge
from fink_ad.errors import FinkAdError, ReviewError

__all__ = ["Gate"]

_REMEMBERED = 10_000  # strangers that were refused, lest they be told again and again
_OPEN_TO_ALL = ("/link", "/start", "/help")

_REFUSAL = (
    "Sorry, this bot serves the reviewers of one place only. If you are one, get a code from your"
    " review page or an operator, and send it here: /link CODE"
)

_log = structlog.get_logger(__name__)


class Gate:
    """Stops every update that does not come from a reviewer; each stranger is told once.

    Whatever fails here, in looking up who somebody is or in refusing them, lets nobody in.
    """

    def __init__(self) -> None:
        self._refused: OrderedDict[int, None] = OrderedDict()

    async def __call__(self, update: Update, talk: Talk) -> None:
        """Let an update pass, or stop it.

        Raises
        ------
        ApplicationHandlerStop
            If it comes from a stranger.
        ReviewError
            If nobody can say who it comes from; the handler of errors stops it.
        """
        user = update.effective_user
        if user is None or user.is_bot:  # channel posts have no user
            raise ApplicationHandlerStop
        try:
            talk.reviewer_or_none = await talk.ask(talk.desk.store.chat_reviewer, user.id)
        except FinkAdError as error:
            _log.error("reviewer_not_looked_up", error=str(error))
            raise ReviewError("I cannot look up who you are just now; try again later") from error
        if talk.reviewer_or_none is not None or _is_open(update):
            return
        await self._refuse(update, talk, user.id)
        raise ApplicationHandlerStop

    async def _refuse(self, update: Update, talk: Talk, user_id: int) -> None:
        if update.callback_query is not None:
            await acknowledge(update.callback_query, "You are not a reviewer here.", alert=True)
        elif is_private(update) and user_id not in self._refused:
            self._refused[user_id] = None
            if len(self._refused) > _REMEMBERED:
                self._refused.popitem(last=False)
            try:
                await talk.bot.send_message(user_id, _REFUSAL)
            except TelegramError as error:
                _log.warning("refusal_not_told", error=error.message)


def _is_open(update: Update) -> bool:
    text = (update.message and update.message.text) or ""
    command = text.split(maxsplit=1)[0].partition("@")[0] if text.strip() else ""
    return command in _OPEN_TO_ALL and (is_private(update) or command == "/link")
