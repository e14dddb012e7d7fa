"""Refuses answers about what the eye has not seen: the guard of the review screen.

A key that is pressed while the next candidate is being drawn reaches the button of the candidate
before it, perhaps a second time, or one that has just appeared. So an answer counts only for the
candidate that is current, has been drawn completely, and has been there long enough to be seen.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Guard"]


@dataclass
class Guard:
    """What is on the screen of one session, and since when.

    Parameters
    ----------
    seconds : float
        How long a candidate must have been completely there before it can be answered.
    """

    seconds: float
    _showing_id: int | None = None
    _drawn_at: float | None = None

    def begin(self, showing_id: int) -> None:
        """Say that a candidate is about to be drawn; drawing the same again changes nothing."""
        if showing_id != self._showing_id:
            self._showing_id, self._drawn_at = showing_id, None

    def finish(self, showing_id: int, now: float) -> None:
        """Say that everything of a candidate is drawn, at a time of a monotonic clock [s]."""
        if showing_id == self._showing_id and self._drawn_at is None:
            self._drawn_at = now

    def clear(self) -> None:
        """Say that nothing is on the screen that could be answered."""
        self._showing_id = self._drawn_at = None

    def refusal(self, showing_id: int, now: float) -> str | None:
        """Return why an answer about a candidate cannot count, or None if it counts."""
        if showing_id != self._showing_id:
            return "that key came for a candidate that is no longer here; nothing was stored"
        if self._drawn_at is None:
            return "too fast: the candidate was not fully drawn; nothing was stored"
        if now - self._drawn_at < self.seconds:
            return f"too fast: a candidate must be seen for {self.seconds:g} s; nothing was stored"
        return None
