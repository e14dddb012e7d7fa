"""Whose ranking: everybody's, or one reviewer's own."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Whose"]


class Whose(NamedTuple):
    """A survey, a population, and the reviewer of a personal model; None for the shared one."""

    survey: str
    population: str
    reviewer_id: int | None = None
