"""What a door promises, and how it says that something did not go through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from fink_ad.errors import ReviewError
from fink_ad.review.outbox import Parcel

__all__ = ["Door", "DoorRefused", "DoorShut"]


class DoorShut(ReviewError):
    """Nothing goes through a door for now, whatever it is; no message holds a secret.

    Attributes
    ----------
    in_doubt : bool
        The parcel was on its way, and may have arrived.
    """

    def __init__(self, message: str, *, in_doubt: bool = False) -> None:
        super().__init__(message)
        self.in_doubt = in_doubt


class DoorRefused(ReviewError):
    """The other side does not want this parcel; it may want the next."""


class Door(Protocol):
    """A way out of the outbox. One thread at a time uses it."""

    def ready(self, parcel: Parcel) -> Callable[[], str]:
        """Make a parcel ready, and return what sends it.

        What is returned waits a bounded time, well below `fink_ad.review.outbox.CLAIM_SECONDS`,
        and returns what the other side calls the parcel once it has it.

        Raises
        ------
        DoorShut, DoorRefused
            Here, or when it is sent.
        """
        ...

    def close(self) -> None:
        """Let go of connections and threads."""
        ...
