"""Clean per-band light curves out of a batch, ready for light-curve feature codes.

Those codes want strictly ascending times, finite values and positive errors, and one bad curve
can spoil a whole call; so everything is dropped here that could not be used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fink_ad.alerts import BANDS, Points

__all__ = ["ARROW_FIELDS", "Curves", "clean_curves"]

ARROW_FIELDS = {"t": "t", "m": "m", "sigma": "sigma"}
"""Role of each field in the Arrow form of `Curves`."""


@dataclass(frozen=True, eq=False)
class Curves:
    """Light curves of N alerts in B bands; curve ``i * B + b`` is band ``b`` of alert ``i``.

    Parameters
    ----------
    offsets : (n_alerts * n_bands + 1,) int64
        Where the points of each curve begin.
    t : (n_points,) float64
        Days since the curve's first point, strictly ascending inside a curve.
    m, sigma : (n_points,) float64
        Value and its error: finite, the error positive.
    """

    offsets: NDArray[np.int64]
    t: NDArray[np.float64]
    m: NDArray[np.float64]
    sigma: NDArray[np.float64]

    def filled(self) -> NDArray[np.int64]:
        """Return which curves have any point."""
        return np.flatnonzero(np.diff(self.offsets))

    def to_arrow(self) -> pa.ListArray:
        """Return the curves that have any point, as lists of structs without a copy."""
        arrays = [pa.array(values) for values in (self.t, self.m, self.sigma)]
        struct = pa.StructArray.from_arrays(arrays, names=list(ARROW_FIELDS))
        offsets = self.offsets[np.append(self.filled(), len(self.offsets) - 1)]
        return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), struct)


def clean_curves(
    points: Points,
    bands: tuple[str, ...],
    m: NDArray[np.float64],
    sigma: NDArray[np.float64],
    usable: NDArray[np.bool_],
) -> Curves:
    """Select, sort and thin the points of each alert and band.

    Points that are not usable, of another band, not finite or with an error that is not positive
    are dropped. Of several points of one alert and band at one time the first stays: detections
    before forced photometry, then the lowest point id.

    Parameters
    ----------
    points : Points
        Light curves of N alerts.
    bands : tuple of str
        Bands wanted, in the order of the result.
    m, sigma : (n_points,) float64
        Value and error of each point, in any unit.
    usable : (n_points,) bool
        Points that may be used at all.
    """
    place = np.full(len(BANDS), -1)
    place[[BANDS.index(band) for band in bands]] = np.arange(len(bands))
    band = place[points["band"]]
    time = points["mjd_utc"]
    usable = usable & (band >= 0) & np.isfinite(time) & np.isfinite(m)
    usable &= np.isfinite(sigma) & (sigma > 0)
    chosen = np.flatnonzero(usable)

    curve = points.alert[chosen] * len(bands) + band[chosen]
    order = _order(curve, time[chosen], points["kind"][chosen], points["point_id"][chosen])
    if order is not None:
        chosen, curve = chosen[order], curve[order]
    t = time[chosen]
    first_of_time = np.ones(len(t), np.bool_)
    first_of_time[1:] = (curve[1:] != curve[:-1]) | (t[1:] != t[:-1])
    if not first_of_time.all():
        chosen, curve, t = chosen[first_of_time], curve[first_of_time], t[first_of_time]

    counts = np.bincount(curve, minlength=(len(points.offsets) - 1) * len(bands))
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    # Times are counted from the curve's own start: sums of squares of a Julian date lose digits.
    t = t - np.repeat(t[offsets[:-1][counts > 0]], counts[counts > 0])
    return Curves(offsets, t, m[chosen], sigma[chosen])


def _order(
    curve: NDArray[np.int64],
    time: NDArray[np.float64],
    kind: NDArray[np.int8],
    point_id: NDArray[np.int64],
) -> NDArray[np.int64] | None:
    """Return what sorts points by curve, time, kind and id; None if they are sorted already."""
    later = curve[1:] > curve[:-1]
    equal = curve[1:] == curve[:-1]
    for key in (time, kind, point_id):
        later |= equal & (key[1:] > key[:-1])
        equal &= key[1:] == key[:-1]
    if (later | equal).all():
        return None
    return np.lexsort((point_id, kind, time, curve))
