"""Where a value stands among those of the reference sample, as a tiny histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fink_ad.forest import Model

__all__ = ["TinyHistogram", "tiny_histogram"]

_REACH = (0.01, 0.99)  # quantiles of the sample that are drawn; what lies beyond is at the edge


@dataclass(frozen=True)
class TinyHistogram:
    """How often values occur, from low to high.

    Attributes
    ----------
    heights : tuple of float
        Relative to the highest, 0 to 1.
    place : int or None
        Where the value itself falls; None if it is unknown.
    low, high : float
        Range; the first and last bin hold all that is beyond.
    """

    heights: tuple[float, ...]
    place: int | None
    low: float
    high: float


def tiny_histogram(
    model: Model, name: str, value: float | None, n_bins: int = 24
) -> TinyHistogram | None:
    """Return the histogram of a feature in a model's reference sample; None if it has none.

    Parameters
    ----------
    name : str
        Column id.
    value : float or None
        The alert's own value.
    """
    if name not in model.schema.names:
        return None
    sample = model.reference.values[:, model.schema.names.index(name)]
    sample = np.asarray(sample[np.isfinite(sample)], np.float64)
    if not len(sample):
        return None
    low, high = np.quantile(sample, _REACH).tolist()
    if not high > low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, n_bins + 1)[1:-1]
    counts = np.bincount(np.searchsorted(edges, sample, "right"), minlength=n_bins)
    place = None
    if value is not None and np.isfinite(value):
        place = int(np.searchsorted(edges, value, "right"))
    return TinyHistogram(tuple((counts / counts.max()).tolist()), place, low, high)
