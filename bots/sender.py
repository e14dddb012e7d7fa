"""Send what is due: every chat on its own, so that a slow one holds up no other.

A sender that dies between the service's yes and its own note of it sends that message again. So
all that takes time, the picture and waiting for its turn, comes before a message is on its way;
one is on its way at a time; and between the two notes, which have a thread of their own, there is
nothing but the request. A death doubles one message at the most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
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
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from fink_ad.bots.context import CHANNEL, Bot
from fink_ad.bots.limits import Turn
from fink_ad.bots.messages import ANSWER_SECONDS, answer_buttons, send_candidate
from fink_ad.bots.notices import Notices
from fink_ad.errors import FinkAdError
from fink_ad.review.captions import caption, plain_text
from fink_ad.review.desk import Desk
from fink_ad.review.digests import queue_digests, queue_personal
from fink_ad.review.outbox import Outbox, Parcel
from fink_ad.review.pictures import candidate_picture

__all__ = ["Sender"]

_LOOK_SECONDS = 0.5
_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 20.0, 900.0  # where something did not work
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
        self._resting: dict[str, datetime] = {}  # targets, and until when
        self._notes = ThreadPoolExecutor(1, "outbox")
        self._passage = asyncio.Lock()
        self._stopping = False

    async def run(self) -> None:
        """Look again and again for what is due."""
        looked = float("-inf")
        try:
            while True:
                if asyncio.get_running_loop().time() - looked >= _DIGEST_SECONDS:
                    looked = asyncio.get_running_loop().time()
                    await self._try(self._queue_by_the_clock(), "what is due cannot be queued")
                if not await self._try(self._look(), "the outbox cannot be read"):
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

    async def _try(self, work: Awaitable[None], otherwise: str, **where: str) -> bool:
        """Do a piece of work, or tell that it failed: nothing that fails may end the sender."""
        try:
            await work
        except Exception as error:
            unforeseen = not isinstance(error, FinkAdError)
            _log.error(
                "sending_failed", what=otherwise, error=str(error), exc_info=unforeseen, **where
            )
            await self._notices.tell(otherwise, error)
            return False
        return True

    async def _queue_by_the_clock(self) -> None:
        store, settings, now = self._desk.store, self._desk.settings, self._outbox.now()
        await asyncio.to_thread(queue_digests, store, settings, now)
        await asyncio.to_thread(queue_personal, store, settings, now)

    async def _look(self) -> None:
        now = self._outbox.now()
        self._at_work = {name: task for name, task in self._at_work.items() if not task.done()}
        self._resting = {name: until for name, until in self._resting.items() if until > now}
        for target in await asyncio.to_thread(self._outbox.targets, CHANNEL):
            if target not in self._at_work and target not in self._resting:
                task = asyncio.create_task(self._serve(target))
                self._at_work[target] = task

    async def _serve(self, target: str) -> None:
        if not await self._try(self._empty(target), "a chat cannot be served", target=target):
            self._rest(target, _PAUSE_SECONDS)

    async def _empty(self, target: str) -> None:
        """Send all that is due for a target; what it will never take is given up."""
        while not self._stopping:
            parcel = await asyncio.to_thread(self._outbox.take, target)
            if parcel is None or not await self._send(target, parcel):
                return

    def _rest(self, target: str, seconds: float) -> None:
        """Leave a target alone for a while: what else is for it would fare no better."""
        self._resting[target] = self._outbox.now() + timedelta(seconds=seconds)

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
            wait = cast(timedelta, error.retry_after).total_seconds()  # as `PTB_TIMEDELTA` has it
            self._rest(target, wait)
            await self._note(outbox.postpone, parcel, wait, "too many requests", give_up=False)
            return False
        except ChatMigrated as error:
            await self._note(outbox.move, target, f"{CHANNEL}:{error.new_chat_id}")
            return False
        except (BadRequest, Forbidden) as error:
            _log.warning("message_refused", target=target, error=error.message)
            await self._notices.tell("a chat refuses what is sent to it", error)
            await self._note(outbox.refused, parcel, error.message)
            return True
        except (NetworkError, InvalidToken) as error:
            # Out of reach for hours, or shut until there is a new token: nothing is given up.
            doubt = isinstance(error, NetworkError) and _may_have_arrived(error)
            pause = _pause(parcel.notification.attempts) if doubt else _PAUSE_SECONDS
            _log.warning("chat_service_fails", error=error.message, pause_seconds=pause)
            self._rest(target, pause)
            await self._note(outbox.postpone, parcel, pause, error.message, doubt, give_up=False)
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
                chat_id,
                text,
                parse_mode=ParseMode.HTML,
                read_timeout=ANSWER_SECONDS,
                rate_limit_args=turn,
            )
            return
        picture = await asyncio.to_thread(candidate_picture, candidate)
        text = caption(candidate, parcel.reason, in_doubt=one.in_doubt)
        buttons = answer_buttons(one.survey, one.alert_id)
        await send_candidate(self._bot, chat_id, picture, text, buttons, turn)


def _pause(attempts: int) -> float:
    """Return for how long to wait with what may have arrived, longer after each attempt."""
    return min(_PAUSE_SECONDS * 2.0 ** (attempts - 1), _LONGEST_PAUSE_SECONDS)


def _may_have_arrived(error: NetworkError) -> bool:
    """Tell whether a request that failed reached the service, as far as is known."""
    never_made = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
    return not isinstance(error.__cause__, never_made)
