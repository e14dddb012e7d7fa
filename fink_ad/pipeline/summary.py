"""What a run did: counts that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fink_ad.sources import DeadLetter
from fink_ad.store.records import CountKey

__all__ = ["N_LETTERS", "RunSummary"]

N_LETTERS = 10
"""Dead letters that a summary shows in full."""


@dataclass
class RunSummary:
    """Counts of one run; ``n_in`` = scored + filtered + duplicate + dead letters.

    ``n_withheld`` counts scored alerts that a filter kept from becoming candidates;
    ``dead_letters`` are the first `N_LETTERS` of all.
    """

    n_in: int = 0
    n_scored: int = 0
    n_filtered: Counter[str] = field(default_factory=Counter)
    n_duplicate: int = 0
    n_dead_letter: Counter[str] = field(default_factory=Counter)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    n_withheld: int = 0
    n_candidates: int = 0
    n_provider_failures: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    seconds_by_stage: Counter[str] = field(default_factory=Counter)
    models: dict[str, str] = field(default_factory=dict)
    provisional: bool = False
    interrupted: bool = False

    def add(self, counts: Mapping[CountKey, int], letters: Sequence[DeadLetter]) -> None:
        """Add the counts and the dead letters of one batch."""
        self.dead_letters += letters[: N_LETTERS - len(self.dead_letters)]
        for key, n in counts.items():
            if key.kind == "in":
                self.n_in += n
            elif key.kind == "scored":
                self.n_scored += n
            elif key.kind == "filtered":
                self.n_filtered[key.reason] += n
            elif key.kind == "duplicate":
                self.n_duplicate += n
            elif key.kind == "dead_letter":
                self.n_dead_letter[key.reason] += n
            elif key.kind == "withheld":
                self.n_withheld += n

    @property
    def adds_up(self) -> bool:
        """Whether every alert that came in is accounted for exactly once."""
        out = self.n_scored + self.n_filtered.total() + self.n_duplicate
        return self.n_in == out + self.n_dead_letter.total()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form, as ``fink-ad run --json`` prints it."""
        return {
            "n_in": self.n_in,
            "n_scored": self.n_scored,
            "n_filtered": dict(sorted(self.n_filtered.items())),
            "n_duplicate": self.n_duplicate,
            "n_dead_letter": dict(sorted(self.n_dead_letter.items())),
            "n_withheld": self.n_withheld,
            "n_candidates": self.n_candidates,
            "seconds": round(self.seconds, 3),
            "model": dict(sorted(self.models.items())),
            "provisional": self.provisional,
            "interrupted": self.interrupted,
        }
