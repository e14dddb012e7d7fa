"""Send what is due: every chat on its own, so that a slow one holds up no other.

A sender that dies between the service's yes and its own note of it sends that message again. So
all that takes time, the picture and waiting for its turn, comes before a message is on its way;
one is on its way at a time; and between the two notes, which have a thread of their own, there is
nothing but the request. A death doubles one message at the most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from html import escape
from typing import ParamSpec, TypeVar, cast

import httpx
import structlog
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from fink_ad.bots.context import CHANNEL, Bot
from fink_ad.bots.limits import Turn
from fink_ad.bots.messages import answer_buttons, send_candidate
from fink_ad.bots.notices import Notices
from fink_ad.errors import FinkAdError
from fink_ad.review.captions import caption, plain_text
from fink_ad.review.desk import Desk
from fink_ad.review.digests import queue_digests, queue_personal
from fink_ad.review.outbox import Outbox, Parcel
from fink_ad.review.pictures import candidate_picture

__all__ = ["Sender"]

_LOOK_SECONDS, _PAUSE_SECONDS = 0.5, 20.0
_DIGEST_SECONDS = 10.0
_STOP_SECONDS = 30.0
_NOTE_SECONDS = (0.2, 1.0, 5.0, 20.0, 60.0)  # between tries to note what was accepted

_P = ParamSpec("_P")
_R = TypeVar("_R")

_log = structlog.get_logger(__name__)


class _NotOursError(Exception):
    """Another sender has the parcel: this one took too long."""


class Sender:
    """Takes parcels from the outbox to the chats until it is cancelled.

    Parameters
    ----------
    bot : telegram.ext.ExtBot
        With `Limits`.
    desk : Desk
    outbox : Outbox
    notices : Notices
        Told of what fails here, not of what chats refuse.
    """

    def __init__(self, bot: Bot, desk: Desk, outbox: Outbox, notices: Notices) -> None:
        self._bot, self._desk, self._outbox, self._notices = bot, desk, outbox, notices
        self._at_work: dict[str, asyncio.Task[None]] = {}
        self._notes = ThreadPoolExecutor(1, "outbox")
        self._passage = asyncio.Lock()
        self._stopping = False

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
            self._stopping = True
            if self._at_work:
                _, late = await asyncio.wait(self._at_work.values(), timeout=_STOP_SECONDS)
                for task in late:
                    task.cancel()
            self._notes.shutdown()

    def _queue_by_the_clock(self) -> None:
        now, settings = self._outbox.now(), self._desk.settings
        queue_digests(self._desk.store, settings, now)
        queue_personal(self._desk.store, settings, now)

    async def _look(self) -> None:
        self._at_work = {name: task for name, task in self._at_work.items() if not task.done()}
        for target in await asyncio.to_thread(self._outbox.targets, CHANNEL):
            if target not in self._at_work:
                task = asyncio.create_task(self._empty(target))
                self._at_work[target] = task

    async def _empty(self, target: str) -> None:
        """Send all that is due for a target; what it will never take is given up."""
        try:
            while not self._stopping:
                parcel = await asyncio.to_thread(self._outbox.take, target)
                if parcel is None or not await self._send(target, parcel):
                    return
        except FinkAdError as error:
            _log.error("sending_failed", target=target, error=str(error))
            await self._notices.tell("a chat cannot be served", error)

    async def _send(self, target: str, parcel: Parcel) -> bool:
        """Send one parcel; False if the target is better left alone for a while."""
        outbox = self._outbox
        turn = Turn(
            self._passage,
            partial(self._begin, parcel),
            partial(self._accepted, parcel),
            partial(self._note, outbox.withdraw, parcel),
        )
        try:
            await self._deliver(int(target.removeprefix(f"{CHANNEL}:")), parcel, turn)
        except RetryAfter as error:
            wait = cast(timedelta, error.retry_after)  # as `PTB_TIMEDELTA` has it
            why = "too many requests"
            await self._note(outbox.postpone, parcel, wait.total_seconds(), why, give_up=False)
            return False
        except ChatMigrated as error:
            await self._note(outbox.move, target, f"{CHANNEL}:{error.new_chat_id}")
            return False
        except (BadRequest, Forbidden) as error:
            _log.warning("message_refused", target=target, error=error.message)
            await self._notices.tell("a chat refuses what is sent to it", error)
            await self._note(outbox.refused, parcel, error.message)
            return True
        except NetworkError as error:
            doubt = _may_have_arrived(error)
            # Out of reach for hours, nothing is lost; what may arrive again and again is given up.
            await self._note(
                outbox.postpone, parcel, _PAUSE_SECONDS, error.message, doubt, give_up=doubt
            )
            return False
        except TelegramError as error:
            await self._note(outbox.refused, parcel, error.message)
            return True
        except _NotOursError:
            return True
        except FinkAdError:  # the store cannot be written: it comes again
            raise
        except Exception as error:  # a picture of odd data may fail in any way
            _log.exception("parcel_broke", notification=parcel.notification.id)
            await self._notices.tell("a message cannot be made", error)
            await self._note(outbox.postpone, parcel, _PAUSE_SECONDS, repr(error))
        return True

    async def _note(self, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Write to the outbox, behind nothing that takes long."""
        call = partial(work, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._notes, call)

    async def _begin(self, parcel: Parcel) -> None:
        if not await self._note(self._outbox.begin, parcel):
            raise _NotOursError

    async def _accepted(self, parcel: Parcel, message_id: str) -> None:
        """Note that the service has a message, however long the store takes."""
        for seconds in _NOTE_SECONDS:
            try:
                return await self._note(self._outbox.accepted, parcel, message_id)
            except FinkAdError as error:
                _log.error("message_not_noted", id=parcel.notification.id, error=str(error))
                await asyncio.sleep(seconds)
        return await self._note(self._outbox.accepted, parcel, message_id)

    async def _deliver(self, chat_id: int, parcel: Parcel, turn: Turn) -> None:
        one, candidate = parcel.notification, parcel.candidate
        if candidate is None:
            text = escape(plain_text(one.body, in_doubt=one.in_doubt))
            await self._bot.send_message(
                chat_id, text, parse_mode=ParseMode.HTML, rate_limit_args=turn
            )
            return
        picture = await asyncio.to_thread(candidate_picture, candidate)
        text = caption(candidate, parcel.reason, in_doubt=one.in_doubt)
        buttons = answer_buttons(one.survey, one.alert_id)
        await send_candidate(self._bot, chat_id, picture, text, buttons, turn)


def _may_have_arrived(error: NetworkError) -> bool:
    """Tell whether a request that failed reached the service, as far as is known."""
    never_made = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
    return not isinstance(error.__cause__, never_made)
