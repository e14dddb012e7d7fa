"""Run the bot until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial

import structlog
from telegram import Update
from telegram.error import Conflict, TelegramError

from fink_ad.bots.app import BotApplication, build_application
from fink_ad.bots.sender import Sender
from fink_ad.config import BotSettings, Settings
from fink_ad.errors import ConfigError, SourceError
from fink_ad.learn.holding import at_work
from fink_ad.review.desk import Desk
from fink_ad.review.doors import serving_doors
from fink_ad.review.outbox import Outbox

__all__ = ["run_bot", "running"]

_UPDATES = [Update.MESSAGE, Update.CALLBACK_QUERY]

_log = structlog.get_logger(__name__)


def run_bot(settings: Settings) -> None:
    """Run the bot, and serve the other doors, until SIGTERM or Ctrl-C.

    Raises
    ------
    ConfigError
        If there is no token, or the webhook is set wrongly.
    SourceError
        If the chat service cannot be reached, or refuses the token.
    StoreError
        If the store cannot be opened.
    """
    with Desk(settings) as desk, serving_doors(desk), at_work(desk.store, "bot"):
        asyncio.run(_serve(build_application(desk)))


@asynccontextmanager
async def running(application: BotApplication) -> AsyncIterator[asyncio.Task[None]]:
    """Take updates and send what is due while the context lasts.

    Yields
    ------
    asyncio.Task
        That of the sender, which ends by itself only if something is very wrong; on leaving the
        context its error is raised.

    Raises
    ------
    ConfigError, SourceError
        As `run_bot`.
    """
    settings: BotSettings = application.bot_data["desk"].settings.bot
    try:
        await application.initialize()
        if application.post_init is not None:
            await application.post_init(application)
        await _listen(application, settings)
        await application.start()
        sender = _start_sender(application)
    except TelegramError as error:
        await _close(application)
        # The library names the token it was refused: neither the words nor the cause may.
        said = error.message.replace(application.bot.token, "***")
        raise SourceError(
            f"the chat service at {settings.api} refuses or is out of reach: {said};"
            " check bot.api, bot.token and the network"
        ) from None
    except BaseException:
        await _close(application)
        raise
    try:
        yield sender
    finally:
        sender.cancel()
        try:
            with suppress(asyncio.CancelledError):
                await sender
        finally:
            await _close(application)


async def _serve(application: BotApplication) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    with _collecting_only_what_comes():
        async with running(application) as sender:
            # A bot that answers and sends nothing looks well: it ends, and is started again.
            sender.add_done_callback(lambda _: stop.set())
            _log.info("bot_started", name=application.bot.username)
            await stop.wait()
    _log.info("bot_stopped")


@contextmanager
def _collecting_only_what_comes() -> Iterator[None]:
    """Keep the garbage collector from what is here from the start.

    A picture leaves some ten thousand objects to it. To go through those of all libraries each
    time that it is due takes longer than the picture.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _start_sender(application: BotApplication) -> asyncio.Task[None]:
    desk = application.bot_data["desk"]
    outbox = Outbox(desk, application.bot_data.get("clock", _now))
    notices = application.bot_data["notices"]
    return asyncio.create_task(Sender(application.bot, desk, outbox, notices).run())


def _now() -> datetime:
    return datetime.now(UTC)


async def _listen(application: BotApplication, settings: BotSettings) -> None:
    """Ask for updates, or wait for them at the webhook; those that waited come first."""
    updater = application.updater
    if updater is None:
        raise TypeError("a bot without an updater")
    if not settings.webhook:
        await updater.start_polling(
            poll_interval=0.0,
            timeout=10,
            allowed_updates=_UPDATES,
            drop_pending_updates=False,
            error_callback=partial(_on_poll_error, application),
        )
        return
    secret = settings.webhook_secret.get_secret_value()
    host, _, port = settings.webhook_listen.rpartition(":")
    if not settings.webhook.startswith("https://") or not secret or not port.isdecimal():
        raise ConfigError(
            "a webhook needs bot.webhook = https://..., bot.webhook_secret, without which anybody"
            " could send answers, and bot.webhook_listen = host:port"
        )
    await updater.start_webhook(
        listen=host,
        port=int(port),
        webhook_url=settings.webhook,
        secret_token=secret,
        allowed_updates=_UPDATES,
        drop_pending_updates=False,
    )


def _on_poll_error(application: BotApplication, error: TelegramError) -> None:
    """Say why no updates come; they are asked for again and again."""
    if isinstance(error, Conflict):
        _log.error("another_bot_has_this_token", error=error.message)
        notice = application.bot_data["notices"].tell("another bot has its token", error)
        application.create_task(notice)
    else:
        _log.warning("chat_service_unreachable", error=error.message)


async def _close(application: BotApplication) -> None:
    if application.updater is not None and application.updater.running:
        await application.updater.stop()
    if application.running:
        await application.stop()
    await application.shutdown()
    for request in application.bot_data["requests"]:  # left open where the start failed
        await request.shutdown()
