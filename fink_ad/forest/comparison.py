"""Two models on the same alerts: whether they rank alike, and what each puts on top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from fink_ad.errors import ModelError

__all__ = ["Comparison", "compare_scores"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """How two rankings of the same alerts agree.

    Attributes
    ----------
    n_alerts : int
        Alerts that both score.
    n_only : tuple of int
        Alerts that only the first, and only the second scores.
    rank_correlation : float
        Spearman's; NaN where one of them scores all alike.
    n_common : int
        Alerts on both top lists.
    tops : pair of (k,) int64
        Rows of the alerts each finds strangest, strangest first.
    """

    n_alerts: int
    n_only: tuple[int, int]
    rank_correlation: float
    n_common: int
    tops: tuple[NDArray[np.int64], NDArray[np.int64]]

    def to_json(self) -> dict[str, Any]:
        """Return all but the top lists, JSON-able."""
        alike = self.rank_correlation
        return {
            "n_alerts": self.n_alerts,
            "n_only_first": self.n_only[0],
            "n_only_second": self.n_only[1],
            "rank_correlation": alike if np.isfinite(alike) else None,
            "n_common": self.n_common,
        }


def compare_scores(
    first: NDArray[np.float64], second: NDArray[np.float64], top: int = 20
) -> Comparison:
    """Compare scores of the same alerts, (n_alerts,) each, NaN where there is none.

    Raises
    ------
    ModelError
        If fewer than two alerts have both.
    """
    scored = np.isfinite(first), np.isfinite(second)
    both = np.flatnonzero(scored[0] & scored[1])
    if len(both) < 2:
        raise ModelError(f"only {len(both)} alerts are scored by both models: too few to compare")
    varies = np.ptp(first[both]) > 0.0 and np.ptp(second[both]) > 0.0
    alike = float(spearmanr(first[both], second[both]).statistic) if varies else np.nan
    tops = (_strangest(first, both, top), _strangest(second, both, top))
    return Comparison(
        len(both),
        (int((scored[0] & ~scored[1]).sum()), int((scored[1] & ~scored[0]).sum())),
        alike,
        len(np.intersect1d(tops[0], tops[1])),
        tops,
    )


def _strangest(scores: NDArray[np.float64], rows: NDArray[np.int64], top: int) -> NDArray[np.int64]:
    return rows[np.argsort(-scores[rows], kind="stable")[:top]]
