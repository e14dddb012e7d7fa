"""Send what is due: every chat on its own, so that a slow one holds up no other."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from html import escape
from typing import cast

import structlog
from telegram import Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError

from fink_ad.bots.context import CHANNEL, Bot
from fink_ad.bots.messages import answer_buttons, send_candidate
from fink_ad.bots.notices import Notices
from fink_ad.errors import FinkAdError
from fink_ad.review.captions import caption, plain_text
from fink_ad.review.desk import Desk
from fink_ad.review.digests import queue_digests, queue_personal
from fink_ad.review.doors import send_doors
from fink_ad.review.outbox import Outbox, Parcel
from fink_ad.review.pictures import candidate_picture

__all__ = ["Sender"]

_LOOK_SECONDS, _PAUSE_SECONDS = 0.5, 20.0
_DIGEST_SECONDS = 10.0

_log = structlog.get_logger(__name__)


class Sender:
    """Takes parcels from the outbox to the chats until it is cancelled.

    Parameters
    ----------
    bot : telegram.ext.ExtBot
        Its rate limiter keeps the limits of the service: 30 messages a second in all, 20 a
        minute in a group.
    desk : Desk
    outbox : Outbox
    notices : Notices
        Told of what fails here, not of what chats refuse.
    """

    def __init__(self, bot: Bot, desk: Desk, outbox: Outbox, notices: Notices) -> None:
        self._bot, self._desk, self._outbox, self._notices = bot, desk, outbox, notices
        self._at_work: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Look again and again for what is due."""
        looked = float("-inf")
        try:
            while True:
                try:
                    if asyncio.get_running_loop().time() - looked >= _DIGEST_SECONDS:
                        looked = asyncio.get_running_loop().time()
                        await asyncio.to_thread(self._queue_by_the_clock)
                    await self._look()
                except FinkAdError as error:
                    _log.error("outbox_failed", error=str(error))
                    await self._notices.tell("the outbox cannot be read", error)
                    await asyncio.sleep(_PAUSE_SECONDS)
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            # A parcel in hand is sent and marked before the end: it would be in doubt.
            if self._at_work:
                await asyncio.wait(self._at_work.values(), timeout=30)

    def _queue_by_the_clock(self) -> None:
        now = self._outbox.now()
        queue_digests(self._desk.store, now)
        queue_personal(self._desk.store, now)
        send_doors(self._outbox, self._desk.settings)

    async def _look(self) -> None:
        self._at_work = {name: task for name, task in self._at_work.items() if not task.done()}
        for target in await asyncio.to_thread(self._outbox.targets, CHANNEL):
            if target not in self._at_work:
                task = asyncio.create_task(self._empty(target))
                self._at_work[target] = task

    async def _empty(self, target: str) -> None:
        """Send all that is due for a target; what it will never take is given up."""
        try:
            while (parcel := await asyncio.to_thread(self._outbox.take, target)) is not None:
                if not await self._send(target, parcel):
                    return
        except FinkAdError as error:
            _log.error("sending_failed", target=target, error=str(error))
            await self._notices.tell("a chat cannot be served", error)

    async def _send(self, target: str, parcel: Parcel) -> bool:
        """Send one parcel; False if the target is better left alone for a while."""
        outbox = self._outbox
        try:
            message = await self._deliver(int(target.removeprefix(f"{CHANNEL}:")), parcel)
        except RetryAfter as error:
            wait = cast(timedelta, error.retry_after)  # as `PTB_TIMEDELTA` has it
            await asyncio.to_thread(
                outbox.postpone, parcel, wait.total_seconds(), "too many requests"
            )
            return False
        except (BadRequest, Forbidden) as error:
            await asyncio.to_thread(outbox.refused, parcel, error.message)
            return True
        except NetworkError as error:
            # Whether it arrived cannot be known if the connection broke after it was made.
            await asyncio.to_thread(outbox.postpone, parcel, _PAUSE_SECONDS, error.message)
            return False
        except TelegramError as error:
            await asyncio.to_thread(outbox.refused, parcel, error.message)
            return True
        except Exception as error:  # a picture of odd data may fail in any way
            _log.exception("parcel_broke", notification=parcel.notification.id)
            await self._notices.tell("a message cannot be made", error)
            await asyncio.to_thread(outbox.postpone, parcel, _PAUSE_SECONDS, repr(error))
            return True
        await asyncio.to_thread(outbox.accepted, parcel, str(message.message_id))
        return True

    async def _deliver(self, chat_id: int, parcel: Parcel) -> Message:
        one, candidate = parcel.notification, parcel.candidate
        if candidate is None:
            text = escape(plain_text(one.body, in_doubt=one.in_doubt))
            return await self._bot.send_message(chat_id, text, parse_mode=ParseMode.HTML)
        picture = await asyncio.to_thread(candidate_picture, candidate)
        text = caption(candidate, parcel.reason, in_doubt=one.in_doubt)
        buttons = answer_buttons(one.survey, one.alert_id)
        return await send_candidate(self._bot, chat_id, picture, text, buttons)
