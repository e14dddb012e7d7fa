"""A reviewer who knows the truth, and errs as often as told."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import pandas as pd

from fink_ad.errors import ConfigError
from fink_ad.store.records import Answer

__all__ = ["Oracle", "parse_oracle"]


@dataclass(frozen=True)
class Oracle:
    """Answers by the truth; the same object always gets the same answer.

    Attributes
    ----------
    answers : mapping of str to str
        The true answer about each object.
    errs : float
        Share of objects called an anomaly although they are none, or ordinary although they
        are one.
    unsure : float
        Share of objects that are not judged at all.
    seed : int
        Which objects these are.
    """

    answers: Mapping[str, Answer]
    errs: float = 0.0
    unsure: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.errs >= 0.0 and self.unsure >= 0.0 and self.errs + self.unsure <= 1.0):
            raise ConfigError(
                f"an oracle with errs={self.errs:g} and unsure={self.unsure:g} cannot be: give "
                "shares that add up to at most 1, as errs=0.1"
            )

    @classmethod
    def of(cls, truth: pd.DataFrame, errs: float = 0.0, unsure: float = 0.0, seed: int = 0) -> Self:
        """Make the reviewer who knows a truth table, as simulated nights come with."""
        answers: dict[str, Answer] = {
            object_id: "anomaly" if anomaly else "bogus" if kind == "bogus" else "ordinary"
            for object_id, kind, anomaly in zip(
                truth["object_id"], truth["class"], truth["anomaly"], strict=True
            )
        }
        return cls(answers, errs, unsure, seed)

    def answer(self, object_id: str) -> Answer:
        """Answer about an object.

        Raises
        ------
        ConfigError
            If the truth does not know it.
        """
        truth = self.answers.get(object_id)
        if truth is None:
            raise ConfigError(f"the oracle knows nothing of object {object_id!r}")
        digest = hashlib.blake2b(f"{self.seed} {object_id}".encode(), digest_size=8).digest()
        chance = int.from_bytes(digest, "big") / 2**64
        if chance < self.errs:
            return "ordinary" if truth == "anomaly" else "anomaly"
        return "unsure" if chance < self.errs + self.unsure else truth


def parse_oracle(text: str) -> dict[str, float]:
    """Read shares written ``errs=0.1,unsure=0.05``.

    Raises
    ------
    ConfigError
        If the text is not of this form.
    """
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        try:
            if name not in ("errs", "unsure"):
                raise ValueError
            shares[name] = float(number)
        except ValueError:
            raise ConfigError(
                f"{text!r} describes no oracle; write errs=0.1 or errs=0.1,unsure=0.05"
            ) from None
    return shares
