"""A reviewer who knows the truth, and errs as often as told."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

import pandas as pd

from fink_ad.errors import ConfigError
from fink_ad.store.records import Answer

__all__ = ["ARTEFACTS", "Oracle", "parse_oracle"]

ARTEFACTS = ("bogus", "bad_subtraction")
"""Classes that are no sources."""


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
        _check_shares(self.errs, self.unsure)

    @classmethod
    def of(
        cls,
        truth: pd.DataFrame,
        errs: float = 0.0,
        unsure: float = 0.0,
        seed: int = 0,
        taste: Collection[str] | None = None,
    ) -> Self:
        """Make the reviewer who knows a truth table, as simulated nights come with.

        Parameters
        ----------
        taste : collection of str, optional
            Classes the reviewer cares for, whether planted or not; by default what was planted.
        """
        wanted = truth["anomaly"] if taste is None else truth["class"].isin(list(taste))
        answers: dict[str, Answer] = {
            object_id: "anomaly" if is_wanted else "bogus" if kind in ARTEFACTS else "ordinary"
            for object_id, kind, is_wanted in zip(
                truth["object_id"], truth["class"], wanted, strict=True
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


def parse_oracle(text: str) -> tuple[float, float]:
    """Read the shares ``errs`` and ``unsure`` written ``errs=0.1,unsure=0.05``, in that order.

    What is not named is 0.

    Raises
    ------
    ConfigError
        If the text is not of this form, or there can be no such oracle.
    """
    shares = {"errs": 0.0, "unsure": 0.0}
    for part in text.split(","):
        name, _, number = part.strip().partition("=")
        try:
            if name not in shares:
                raise ValueError
            shares[name] = float(number)
        except ValueError:
            raise ConfigError(
                f"{text!r} describes no oracle; write errs=0.1 or errs=0.1,unsure=0.05"
            ) from None
    _check_shares(shares["errs"], shares["unsure"])
    return shares["errs"], shares["unsure"]


def _check_shares(errs: float, unsure: float) -> None:
    if not (errs >= 0.0 and unsure >= 0.0 and errs + unsure <= 1.0):
        raise ConfigError(
            f"there is no oracle with errs={errs:g} and unsure={unsure:g}: give shares of at "
            "least 0 that add up to at most 1, as errs=0.1"
        )
