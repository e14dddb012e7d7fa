"""Calibration: how likely an object at some place of the order is interesting, from answers.

A score has no unit; a place in the order has one: the share of objects that stand before it.
What reviewers answered about objects at such places, each asked under a revision that had not
seen the answer, says how often a place holds something interesting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from fink_ad.errors import ModelError
from fink_ad.forest.reliability import ReliabilityBin, brier_score, calibration_error, reliability
from fink_ad.forest.training import TARGETS

__all__ = ["MIN_ANSWERS", "Calibration"]

MIN_ANSWERS = 50
"""With fewer usable answers nothing is said."""

_MIN_DEEP = 20  # random answers from which something is said of places never reached from the top
_GROUP = 20  # answers of neighbouring places taken together: one answer alone makes no certainty
_FALL = 0.1  # dex below the deepest place reached from the top, over which the curve falls
_HALF_LIFE = 75.0  # answers after which one counts half: later revisions rank better
_N_CHUNKS = 30  # times the curve is learned anew to foretell the next answers
_DRAWN_BY_PLACE = ("top", "random")


@dataclass(frozen=True)
class Calibration:
    """Probability that an object is interesting, by its place in the order.

    Rarely asked about is what stands deep, and most answers come from the top; the share of
    anomalies among all answers is therefore no probability of anything. What is corrected:

    - The probability is one *given the place*, and learned place by place. Whether an object
      was drawn from the top or at random depends on nothing but its place, so at one place
      both kinds of draw are equally good samples and their inclusion probabilities cancel:
      each weighs 1. How many answers a place has decides how sure, not how likely.
    - Draws for another reason (novelty, repeats, gold, returned objects) have an inclusion
      probability that is not known given the place: their weight is 0, they are left out.
    - Places deeper than any drawn from the top are known from random draws alone, and from no
      fewer than 20 of them. Until there are so many, the probability there is NaN: it is never
      continued from the top. From the deepest place reached from the top it falls to theirs
      within 0.1 dex of place; what stands between that and the first of their centres is not
      told apart.
    - Answers fade with a half-life of 75 answers, those below all places drawn from the top of
      75 such, since the model they were given under was another one.

    So it speaks of the next question, of which it may say some 0.1 too little, as the last group of
    answers before the edge is often too low by chance, and of what stands deep as a whole, where
    it does not tell one object from another. The deep figure is as
    uncertain as so few random answers are: 0.07 (one standard error) for 30 answers of which one
    in six is an anomaly. While a model gets better fast, the top is understated and the deep
    overstated, since answers of its past count.

    "unsure" is left out; "bogus" is not interesting.

    Attributes
    ----------
    log_share, probability : tuple of float
        Knots of the curve: log10 of the share of the order, rising, and the probability there,
        never rising. Linear in between.
    deepest : float
        Share of the order down to which anything is known; 1 where all is.
    n_answers, n_anomalies : int
        Usable answers, and anomalies among them.
    brier, expected_error : float
        Brier score and expected calibration error of answers foretold by a curve that knew
        earlier answers only; NaN where none could be.
    bins : tuple of ReliabilityBin
        The same answers by stated probability.
    """

    log_share: tuple[float, ...]
    probability: tuple[float, ...]
    deepest: float
    n_answers: int
    n_anomalies: int
    brier: float
    expected_error: float
    bins: tuple[ReliabilityBin, ...]

    @classmethod
    def learn(
        cls,
        place_share: NDArray[np.float64],
        answers: Sequence[str] | NDArray[np.str_],
        draws: Sequence[str] | NDArray[np.str_],
    ) -> Calibration | None:
        """Learn from answers, or return None while fewer than `MIN_ANSWERS` can be used.

        Parameters
        ----------
        place_share : (n,) float
            Place in the order when shown, from 1, divided by the size of the order.
        answers : (n,) str
            What was answered, earliest first.
        draws : (n,) str
            Why it was shown: ``top``, ``random``, or another reason.

        Raises
        ------
        ModelError
            If lengths differ, or a share is not above 0 and at most 1.

        Notes
        -----
        Answers of neighbouring places are grouped by 20, the groups' shares of anomalies
        regressed isotonically on the logarithm of the place (pool adjacent violators, weighted
        by what their answers still count), each pooled block drawn in by half an answer either
        way (Jeffreys), and blocks joined by straight lines between their centres as in centred
        isotonic regression (Oron & Flournoy 2017, Stat. Biopharm. Res. 9, 258). Only where draws
        from the top end there is a step: random draws are spread evenly over all that is below,
        so that the centre of their first block is far away, and a line to it lies above their
        own mean nearly everywhere.
        """
        share = np.asarray(place_share, np.float64)
        said, drawn = np.asarray(answers, np.str_), np.asarray(draws, np.str_)
        if not share.shape == said.shape == drawn.shape or share.ndim != 1:
            raise ModelError(
                f"{len(said)} answers, {len(drawn)} draws and places of shape {share.shape}"
            )
        impossible = ~((share > 0.0) & (share <= 1.0))
        if impossible.any():
            raise ModelError(
                f"place share {share[impossible][0]!r} is not above 0 and at most 1: divide the "
                "place, counted from 1, by the size of the order"
            )
        usable = np.isin(said, list(TARGETS)) & np.isin(drawn, _DRAWN_BY_PLACE)
        share, drawn = share[usable], drawn[usable]
        is_anomaly = said[usable] == "anomaly"
        if len(share) < MIN_ANSWERS:
            return None
        foretold = _foretell(share, is_anomaly, drawn)
        known = np.isfinite(foretold)
        bins = reliability(foretold[known], is_anomaly[known])
        log_share, probability, deepest = _curve(share, is_anomaly, drawn)
        return cls(
            tuple(log_share.tolist()),
            tuple(probability.tolist()),
            deepest,
            len(share),
            int(is_anomaly.sum()),
            brier_score(foretold[known], is_anomaly[known]),
            calibration_error(bins),
            bins,
        )

    def p(self, place_share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability that objects at these places are interesting, (n,).

        Places before all that were asked about get the probability of the first that were, a
        lower bound. NaN where nothing is known.
        """
        return _read_off(
            np.asarray(place_share, np.float64),
            np.array(self.log_share),
            np.array(self.probability),
            self.deepest,
        )

    def to_json(self) -> dict[str, Any]:
        """Return all of it, JSON-able; None stands for NaN."""
        return {
            "log_share": list(self.log_share),
            "probability": list(self.probability),
            "deepest": self.deepest,
            "n_answers": self.n_answers,
            "n_anomalies": self.n_anomalies,
            "brier": None if np.isnan(self.brier) else self.brier,
            "expected_error": None if np.isnan(self.expected_error) else self.expected_error,
            "bins": [found.to_json() for found in self.bins],
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Calibration:
        """Read what `to_json` wrote.

        Raises
        ------
        ModelError
            If it is something else.
        """
        try:
            read = cls(
                tuple(map(float, given["log_share"])),
                tuple(map(float, given["probability"])),
                float(given["deepest"]),
                int(given["n_answers"]),
                int(given["n_anomalies"]),
                _number_or_nan(given["brier"]),
                _number_or_nan(given["expected_error"]),
                tuple(ReliabilityBin.from_json(found) for found in given["bins"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"this is no calibration: {error!r}") from error
        knots, heights = np.array(read.log_share), np.array(read.probability)
        if (
            not len(knots)
            or knots.shape != heights.shape
            or not (np.diff(knots) >= 0.0).all()
            or not (np.diff(heights) <= 0.0).all()
            or not ((heights >= 0.0) & (heights <= 1.0)).all()
            or not 0.0 < read.deepest <= 1.0
        ):
            raise ModelError("the curve of the calibration does not fall from place to place")
        return read


def _number_or_nan(given: Any) -> float:
    return np.nan if given is None else float(given)


def _read_off(
    share: NDArray[np.float64],
    log_share: NDArray[np.float64],
    probability: NDArray[np.float64],
    deepest: float,
) -> NDArray[np.float64]:
    known = (share > 0.0) & (share <= deepest)
    places = np.log10(np.where(known, share, 1.0))
    return np.where(known, np.interp(places, log_share, probability), np.nan)


def _curve(
    share: NDArray[np.float64], is_anomaly: NDArray[np.bool_], drawn: NDArray[np.str_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return log places, probabilities there, and the deepest share known."""
    reached = share[drawn == "top"].max(initial=0.0)
    is_deep = share > reached
    deep_is_known = is_deep.sum() >= _MIN_DEEP
    # Age is counted in answers of the same zone, or the few random ones would fade at once.
    age = np.where(is_deep, is_deep.sum() - np.cumsum(is_deep), np.cumsum(~is_deep[::-1])[::-1] - 1)
    weight = np.exp2(-age / _HALF_LIFE)
    groups = _groups(share, np.flatnonzero(~is_deep))
    n_shallow = len(groups)
    groups += _groups(share, np.flatnonzero(is_deep)) if deep_is_known else []
    centre = np.array([np.average(np.log10(share[g]), weights=weight[g]) for g in groups])
    mean = np.array([np.average(is_anomaly[g], weights=weight[g]) for g in groups])
    size = np.array([weight[g].sum() for g in groups])
    pooled = isotonic_regression(mean, weights=size, increasing=False)
    starts = pooled.blocks[:-1]
    block_size = np.add.reduceat(size, starts)
    height = (pooled.x[starts] * block_size + 0.5) / (block_size + 1.0)
    height = np.minimum.accumulate(height)  # drawing in small blocks more may cross them
    # A block that lies on both sides of the edge has a centre on each.
    height = np.repeat(height, np.diff(pooled.blocks))
    starts = np.union1d(starts, n_shallow)
    starts = starts[starts < len(groups)]
    centre = np.add.reduceat(size * centre, starts) / np.add.reduceat(size, starts)
    height = height[starts]
    if reached:
        below = int(np.searchsorted(starts, n_shallow))
        centre, height = _with_edge(centre, height, below, np.log10(reached))
    return centre, height, 1.0 if deep_is_known else float(reached)


def _with_edge(
    centre: NDArray[np.float64], height: NDArray[np.float64], below: int, edge: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Let the last block from the top hold down to the edge, and the next soon below it.

    The next question stands at the edge or less than 0.1 dex below.
    """
    places, heights = [edge], [height[below - 1]]
    if below < len(centre):
        places.append(min(edge + _FALL, centre[below]))
        heights.append(height[below])
    centre = np.insert(centre, [below] * len(places), places)
    # Rounding may put the mean of equal places behind them.
    return np.maximum.accumulate(centre), np.insert(height, [below] * len(heights), heights)


def _groups(share: NDArray[np.float64], rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Split rows into groups of neighbouring places, never within one place."""
    rows = rows[np.argsort(share[rows], kind="stable")]
    first_of_place = np.searchsorted(share[rows], share[rows])
    group = first_of_place * max(1, len(rows) // _GROUP) // max(1, len(rows))
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    return np.split(rows, starts[1:]) if len(rows) else []


def _foretell(
    share: NDArray[np.float64], is_anomaly: NDArray[np.bool_], drawn: NDArray[np.str_]
) -> NDArray[np.float64]:
    """Return for each answer what a curve of earlier answers says of it; NaN for the first."""
    foretold = np.full(len(share), np.nan)
    edges = np.linspace(MIN_ANSWERS // 2, len(share), _N_CHUNKS + 1).astype(np.int64)
    for start, end in pairwise(edges.tolist()):
        curve = _curve(share[:start], is_anomaly[:start], drawn[:start])
        foretold[start:end] = _read_off(share[start:end], *curve)
    return foretold
