"""Whether stated probabilities come true: reliability table, Brier score, calibration error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ReliabilityBin", "brier_score", "calibration_error", "reliability"]

_N_BINS = 10  # of equal width in stated probability


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers about which a similar probability was stated.

    Attributes
    ----------
    low, high : float
        Probabilities the bin spans.
    n_answers : int
        How many answers.
    stated, observed : float
        Mean stated probability, and share of anomalies among the answers.
    """

    low: float
    high: float
    n_answers: int
    stated: float
    observed: float

    @property
    def standard_error(self) -> float:
        """Binomial standard error of the observed share if the stated probability is true."""
        return float(np.sqrt(self.stated * (1.0 - self.stated) / self.n_answers))

    def to_json(self) -> dict[str, float | int]:
        """Return it by name, JSON-able."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> ReliabilityBin:
        """Read what `to_json` wrote; raises KeyError, TypeError or ValueError for anything else."""
        numbers = {name: float(given[name]) for name in ("low", "high", "stated", "observed")}
        return cls(n_answers=int(given["n_answers"]), **numbers)


def reliability(
    stated: NDArray[np.float64], is_anomaly: NDArray[np.bool_]
) -> tuple[ReliabilityBin, ...]:
    """Return the bins that hold answers, by rising stated probability."""
    places = np.minimum((stated * _N_BINS).astype(np.int64), _N_BINS - 1)
    return tuple(
        ReliabilityBin(
            place / _N_BINS,
            (place + 1) / _N_BINS,
            int((places == place).sum()),
            float(stated[places == place].mean()),
            float(is_anomaly[places == place].mean()),
        )
        for place in np.unique(places).tolist()
    )


def brier_score(stated: NDArray[np.float64], is_anomaly: NDArray[np.bool_]) -> float:
    """Return the mean squared difference of probability and outcome; NaN without any.

    Brier 1950, Mon. Weather Rev. 78, 1.
    """
    return float(((stated - is_anomaly) ** 2).mean()) if len(stated) else np.nan


def calibration_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """Return the mean difference of stated and observed share over answers; NaN without any.

    Expected calibration error as of Naeini, Cooper & Hauskrecht 2015 (AAAI 29).
    """
    n_answers = sum(found.n_answers for found in bins)
    off = sum(found.n_answers * abs(found.stated - found.observed) for found in bins)
    return off / n_answers if n_answers else np.nan
