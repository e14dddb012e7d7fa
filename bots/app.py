"""The bot put together: commands, buttons, the gate before them, errors after them."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from datetime import datetime
from html import escape
from typing import Any

import structlog
from telegram import BotCommand, Update
from telegram.error import TelegramError
from telegram.ext import (
    Application,
    ApplicationHandlerStop,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)
from telegram.request import HTTPXRequest

from fink_ad.bots import answers, linking, showing, subscribing, tapping, telling
from fink_ad.bots.context import Bot, Talk
from fink_ad.bots.gate import Gate
from fink_ad.bots.limits import Limits
from fink_ad.bots.logs import log_without
from fink_ad.bots.messages import say
from fink_ad.bots.notices import Notices
from fink_ad.bots.token import bot_token
from fink_ad.errors import FinkAdError, ReviewError
from fink_ad.review.desk import Desk

__all__ = ["BotApplication", "build_application"]

BotApplication = Application[Bot, Talk, dict[Any, Any], dict[Any, Any], dict[Any, Any], Any]

_HANDLERS: tuple[tuple[str, Callable[[Update, Talk], Coroutine[Any, Any, None]]], ...] = (
    ("start", linking.help_),
    ("help", linking.help_),
    ("link", linking.link),
    ("unlink", linking.unlink),
    ("next", showing.next_),
    ("top", showing.top),
    ("object", showing.object_),
    ("why", showing.why),
    ("neighbours", showing.neighbours),
    ("history", answers.history),
    ("undo", answers.undo),
    ("stats", answers.stats),
    ("subscribe", subscribing.subscribe),
    ("mute", telling.mute),
    ("watch", telling.watch),
)
_SLOW = ("next", "object")
"""Commands that draw; they change nothing that another one might need."""

_log = structlog.get_logger(__name__)


def build_application(desk: Desk, clock: Callable[[], datetime] | None = None) -> BotApplication:
    """Return the bot, ready to run.

    Updates are taken one after the other, so that answers are stored in the order in which they
    were given; what came while the bot was away is taken first. What takes long, pictures and
    what is said in groups, goes on beside them.

    Parameters
    ----------
    desk : Desk
        What it stands on; its settings say how to reach the chat service.
    clock : callable, optional
        Gives the time; by default that of the machine.

    Raises
    ------
    ConfigError
        If there is no token.
    """
    os.environ["PTB_TIMEDELTA"] = "true"  # times to wait as timedelta, without a warning each
    settings = desk.settings.bot
    token = bot_token(settings)
    log_without(token)
    requests = (HTTPXRequest(connection_pool_size=32), HTTPXRequest())
    application = (
        Application.builder()
        .token(token)
        .base_url(f"{settings.api.rstrip('/')}/bot")
        .base_file_url(f"{settings.api.rstrip('/')}/file/bot")
        .request(requests[0])
        .get_updates_request(requests[1])
        .context_types(ContextTypes(context=Talk))
        .rate_limiter(Limits())
        .job_queue(None)
        .concurrent_updates(False)
        .post_init(_register_commands)
        .build()
    )
    notices = Notices(application.bot, settings.operators_chat)
    application.bot_data |= {"desk": desk, "requests": requests, "notices": notices}
    if clock is not None:
        application.bot_data["clock"] = clock
    application.add_handler(TypeHandler(Update, Gate()), group=-1)
    private = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGES
    elsewhere = ~filters.ChatType.PRIVATE & filters.UpdateType.MESSAGES
    for name, handler in _HANDLERS:
        in_turn = name not in _SLOW
        application.add_handler(CommandHandler(name, handler, private, block=in_turn))
        # A group that has had its messages of this minute holds up nobody else.
        application.add_handler(CommandHandler(name, handler, elsewhere, block=False))
    application.add_handler(CallbackQueryHandler(tapping.on_tap))
    anything_else = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE
    application.add_handler(MessageHandler(anything_else, _unknown))
    application.add_error_handler(_on_error)
    return application


async def _register_commands(application: BotApplication) -> None:
    commands = [BotCommand(name, meaning[:256]) for name, meaning in linking.HELP]
    try:
        await application.bot.set_my_commands(commands)
    except TelegramError as error:  # the bot works without the list
        _log.warning("commands_not_registered", error=str(error))


async def _unknown(update: Update, talk: Talk) -> None:
    raise ReviewError("I do not know that; /help tells what can be asked")


async def _on_error(update: object, talk: Talk) -> None:
    """Tell the one who asked what is wrong; what we did not foresee goes to the log as well.

    Nothing further is done with the update: what failed may have been the gate.
    """
    error = talk.error
    expected = isinstance(error, FinkAdError)
    if not expected:
        # The update itself stays out: it holds names and notes.
        _log.error("update_failed", error=repr(error), exc_info=error)
        if error is not None:
            await talk.bot_data["notices"].tell("what somebody asked failed", error)
    if isinstance(update, Update) and update.effective_message is not None:
        text = (
            str(error)
            if expected
            else "Something went wrong here; the operators find it in the log."
        )
        try:
            await say(update.effective_message, escape(text[:1000]))
        except TelegramError as lost:
            _log.warning("error_not_told", error=str(lost))
    raise ApplicationHandlerStop
