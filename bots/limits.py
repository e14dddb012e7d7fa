"""The limits of the service, and whose turn it is: a message waits before it is on its way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import AIORateLimiter, BaseRateLimiter

__all__ = ["Limits", "Turn"]

_RETRIES = 3


@dataclass(frozen=True)
class Turn:
    """What is to be done right before a request and right after it.

    Attributes
    ----------
    passage : asyncio.Lock
        Held from before `begin` until after `accepted`.
    begin : callable
        Called when nothing is left to wait for; if it raises, the request is not made.
    accepted : callable
        Called with the id of the message that the service accepted.
    withdraw : callable
        Called when the service answered that it is too early.
    """

    passage: asyncio.Lock
    begin: Callable[[], Awaitable[None]]
    accepted: Callable[[str], Awaitable[None]]
    withdraw: Callable[[], Awaitable[None]]


class Limits(BaseRateLimiter[Turn]):
    """Keeps the limits of the service: 30 messages a second in all, 20 a minute in a group.

    Requests with a `Turn`, given as ``rate_limit_args``, are told when theirs comes. What the
    service puts off is asked again when it says so, some times.
    """

    def __init__(self) -> None:
        self._limiter = AIORateLimiter(max_retries=_RETRIES)

    async def initialize(self) -> None:
        """Begin."""
        await self._limiter.initialize()

    async def shutdown(self) -> None:
        """End."""
        await self._limiter.shutdown()

    async def process_request(
        self,
        callback: Callable[..., Any],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Turn | None,
    ) -> Any:
        """Make a request when the limits allow it."""
        turn = rate_limit_args

        async def in_turn(*args: Any, **kwargs: Any) -> Any:
            if turn is None:
                return await callback(*args, **kwargs)
            async with turn.passage:
                await turn.begin()
                try:
                    answer = await callback(*args, **kwargs)
                except RetryAfter:
                    await turn.withdraw()
                    raise
                await turn.accepted(str(answer["message_id"]))
                return answer

        return await self._limiter.process_request(in_turn, args, kwargs, endpoint, data, None)
