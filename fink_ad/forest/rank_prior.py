"""What is thought of an alert before anybody answered: its rank by isolation, bent at the top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.forest.sketch import N_BINS

__all__ = ["RankPrior", "checked_bins"]

_POWER = 0.25  # a quarter: the strangest tenth of a per cent spans as much as the next two
_FEW = 100  # a peer bin with fewer reference rows borrows those of its neighbours


@dataclass(frozen=True, eq=False)
class RankPrior:
    """Turns scores into ``1 - 2 r ** (1/4)``, r the share of reference rows that are stranger.

    +1 for the strangest reference row, near -1 for most. Strictly rising with the score: beyond
    the reference it goes on with slope 1, so that a stranger row always stands higher.

    Attributes
    ----------
    knots, ranks : (n_knots,) float64
        Distinct scores of the reference rows, rising within each bin, and their ``r``.
    starts : (n_bins + 1,) int64
        Where the knots of each bin of peers start; one bin where there are no peers.
    """

    knots: NDArray[np.float64]
    ranks: NDArray[np.float64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, scores: NDArray[np.float64], bins: NDArray[np.int8] | None = None) -> RankPrior:
        """Learn ranks from reference scores; among peers if their bins are given."""
        if bins is None:
            parts = [_ranked(scores)]
        else:
            parts = [_ranked(scores[_neighbourhood(bins, which)]) for which in range(N_BINS)]
        starts = np.cumsum([0, *(len(knots) for knots, _ in parts)])
        return cls(
            np.concatenate([knots for knots, _ in parts]),
            np.concatenate([ranks for _, ranks in parts]),
            starts.astype(np.int64),
        )

    @classmethod
    def if_wanted(
        cls,
        parameters: Mapping[str, Any],
        scores: NDArray[np.float64],
        bins: NDArray[np.int8] | None,
    ) -> RankPrior | None:
        """Learn ranks among peers if the parameter ``peers`` is true, else return None.

        Raises
        ------
        ModelError
            If it is and the rows' bins are not given.
        """
        if not parameters["peers"]:
            return None
        return cls.of(scores, checked_bins(bins, len(scores)))

    @classmethod
    def read(
        cls, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None
    ) -> RankPrior | None:
        """Read ranks among peers, there if and only if the parameter ``peers`` is true."""
        if (arrays is not None) != parameters["peers"]:
            raise ModelError("ranks among peers do not go with the parameter 'peers'")
        return None if arrays is None else cls.from_arrays(arrays)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> RankPrior:
        """Read what `to_arrays` wrote; raises ModelError if it is something else."""
        try:
            prior = cls(**arrays)
        except TypeError as error:
            raise ModelError(f"not the arrays of a prior: {sorted(arrays)}") from error
        starts = prior.starts
        if (
            prior.knots.dtype != np.float64
            or prior.ranks.dtype != np.float64
            or starts.dtype != np.int64
            or prior.knots.ndim != 1
            or prior.knots.shape != prior.ranks.shape
            or starts.shape not in ((2,), (N_BINS + 1,))
            or starts[0] != 0
            or starts[-1] != len(prior.knots)
            or (np.diff(starts) < 1).any()
            or not (np.isfinite(prior.knots).all() and np.isfinite(prior.ranks).all())
        ):
            raise ModelError("the ranks of the prior are damaged")
        return prior

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays that make up the prior, by name."""
        return {"knots": self.knots, "ranks": self.ranks, "starts": self.starts}

    @cached_property
    def among_peers(self) -> bool:
        """Whether rows are ranked among their peers only."""
        return len(self.starts) > 2

    def __call__(
        self, scores: NDArray[np.float64], bins: NDArray[np.int8] | None = None
    ) -> NDArray[np.float64]:
        """Return the prior of rows with these scores, (n,).

        Raises
        ------
        ModelError
            If rows are ranked among peers and their bins are not given.
        """
        if not self.among_peers:
            return self._in_bin(scores, 0)
        bins = checked_bins(bins, len(scores))
        found = np.empty(len(scores))
        for which in np.unique(bins).tolist():
            mine = bins == which
            found[mine] = self._in_bin(scores[mine], which)
        return found

    def _in_bin(self, scores: NDArray[np.float64], which: int) -> NDArray[np.float64]:
        part = slice(self.starts[which], self.starts[which + 1])
        knots = self.knots[part]
        bent = 1.0 - 2.0 * np.interp(scores, knots, self.ranks[part]) ** _POWER
        inside = np.clip(scores, knots[0], knots[-1])
        return np.asarray(bent + (scores - inside), np.float64)


def checked_bins(bins: NDArray[np.int8] | None, n_rows: int) -> NDArray[np.int8]:
    """Return the peer bins of rows; raises ModelError if they are not given."""
    if bins is None or bins.shape != (n_rows,):
        raise ModelError(
            f"this model ranks among peers: give the number of detections of each of {n_rows} "
            "alerts"
        )
    return bins


def _neighbourhood(bins: NDArray[np.int8], which: int) -> NDArray[np.bool_]:
    """Say which rows are peers of a bin, neighbouring bins included while there are few."""
    for reach in range(N_BINS):
        mine: NDArray[np.bool_] = np.abs(bins - which) <= reach
        if mine.sum() >= _FEW:
            return mine
    return np.ones(len(bins), np.bool_)


def _ranked(scores: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the distinct scores and the share of rows above each, ties counted by half."""
    knots, counts = np.unique(scores, return_counts=True)
    above = len(scores) - np.cumsum(counts)
    return knots, (above + 0.5 * (counts - 1)) / max(len(scores) - 1, 1)
