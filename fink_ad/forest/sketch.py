"""ScoreSketch: the scores of whole nights in a few kilobytes, for telling how rare one is.

Counts live on a fixed grid that needs no range and no model: the leading bits of a float64,
taken as an ordered integer, make cells of constant relative width (2**-10 of the score or
less). Above the grid the strangest scores are kept exactly. Nothing is drawn at random, so
equal scores give equal sketches, and merging is a sum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fink_ad.errors import ModelError

__all__ = ["N_BINS", "PEER_BINS", "ScoreSketch", "peer_bin"]

PEER_BINS = ("1", "2-3", "4-7", "8-15", "16+")
"""Numbers of detections that make alerts peers."""

N_BINS = len(PEER_BINS)
N_EXACT = 1000  # strangest scores of each bin kept exactly
_CELL_BITS = 42  # low bits of a float64 dropped: 10 of the mantissa's 52 stay

_DTYPES = {
    "cell_bin": "i1",
    "cell": "i4",
    "cell_count": "i8",
    "top_bin": "i1",
    "top_score": "f8",
    "top_object": "U",
    "top_night": "i4",
}


def peer_bin(n_det: NDArray[np.int64]) -> NDArray[np.int8]:
    """Return the place in `PEER_BINS` for numbers of detections; fewer than one counts as one."""
    return np.digitize(n_det, [2, 4, 8, 16]).astype(np.int8)


def _cells(scores: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return grid cells, ordered as the scores are."""
    bits = (scores + 0.0).view(np.int64)  # + 0.0: there is one zero
    ordered = bits ^ ((bits >> 63) & np.int64(0x7FFFFFFFFFFFFFFF))
    cells: NDArray[np.int32] = (ordered >> _CELL_BITS).astype(np.int32)
    return cells


def _lower_edges(cells: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the lowest score of each grid cell."""
    ordered = cells.astype(np.int64) << _CELL_BITS
    bits = ordered ^ ((ordered >> 63) & np.int64(0x7FFFFFFFFFFFFFFF))
    edges: NDArray[np.float64] = bits.view(np.float64)
    return edges


@dataclass(frozen=True, eq=False)
class ScoreSketch:
    """Distribution of scores by peer bin, one value per object and night: the strangest.

    Attributes
    ----------
    cell_bin, cell, cell_count : (n_cells,) int8, int32, int64
        Peer bin, grid cell and number of scores in it, by bin and rising cell.
    top_bin, top_score, top_object, top_night : (n_top,) int8, float64, str, int32
        The `N_EXACT` strangest scores of each bin, by bin and falling score.
    """

    cell_bin: NDArray[np.int8]
    cell: NDArray[np.int32]
    cell_count: NDArray[np.int64]
    top_bin: NDArray[np.int8]
    top_score: NDArray[np.float64]
    top_object: NDArray[np.str_]
    top_night: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        scores: NDArray[np.float64],
        n_det: NDArray[np.int64],
        object_ids: Sequence[str] | NDArray[np.str_],
        nights: NDArray[np.int32],
    ) -> ScoreSketch:
        """Build from the scores of whole nights, so that every object counts once a night.

        Raises
        ------
        ModelError
            If a score is not finite.
        """
        if not np.isfinite(scores).all():
            raise ModelError(f"{(~np.isfinite(scores)).sum()} scores are not finite")
        frame = pd.DataFrame(
            {
                "score": np.asarray(scores, np.float64) + 0.0,
                "bin": peer_bin(n_det),
                "object": np.asarray(object_ids, object),
                "night": np.asarray(nights, np.int32),
            }
        )
        frame = _strangest_first(frame).drop_duplicates(["object", "night"])
        frame["cell"] = _cells(frame["score"].to_numpy())
        counts = frame.groupby(["bin", "cell"], sort=True).size().reset_index(name="count")
        top = frame.groupby("bin", sort=False).head(N_EXACT).sort_values("bin", kind="stable")
        return cls(
            counts["bin"].to_numpy(np.int8),
            counts["cell"].to_numpy(np.int32),
            counts["count"].to_numpy(np.int64),
            top["bin"].to_numpy(np.int8),
            top["score"].to_numpy(np.float64),
            top["object"].to_numpy(object).astype(np.str_),
            top["night"].to_numpy(np.int32),
        )

    @classmethod
    def empty(cls) -> ScoreSketch:
        """Return a sketch of no scores."""
        none = np.empty(0)
        return cls.of(none, none.astype(np.int64), [], none.astype(np.int32))

    def __len__(self) -> int:
        return int(self.cell_count.sum())

    @cached_property
    def bin_sizes(self) -> NDArray[np.int64]:
        """Number of scores in each peer bin, (N_BINS,)."""
        sizes = np.bincount(self.cell_bin, weights=self.cell_count, minlength=N_BINS)
        return sizes.astype(np.int64)

    def count_at_or_above(self, scores: NDArray[np.float64], which: int) -> NDArray[np.int64]:
        """Return how many scores of one peer bin are at least as high, (n_scores,).

        Exact among the strangest `N_EXACT` of the bin; below them a score's whole grid cell is
        counted, which is never too few.
        """
        rising = self.top_score[self.top_bin == which][::-1]
        exact = len(rising) - np.searchsorted(rising, scores, side="left")
        if len(rising) == self.bin_sizes[which]:
            return exact.astype(np.int64)
        mine = self.cell_bin == which
        from_cell = np.append(np.cumsum(self.cell_count[mine][::-1])[::-1], 0)
        coarse = from_cell[np.searchsorted(self.cell[mine], _cells(scores), side="left")]
        return np.where(scores > rising[0], exact, np.maximum(coarse, len(rising)))

    def edges(self, which: int) -> NDArray[np.float64]:
        """Return scores at which the count of one peer bin changes, (n_edges,)."""
        cells = self.cell[self.cell_bin == which]
        return np.concatenate([_lower_edges(cells), self.top_score[self.top_bin == which]])

    @cached_property
    def content_hash(self) -> str:
        """Hash of the whole content."""
        digest = hashlib.blake2b(digest_size=16)
        for name, array in self.to_arrays().items():
            digest.update(f"{name} {array.dtype} {array.shape} ".encode())
            digest.update(array.tobytes())
        return digest.hexdigest()

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays that make up the sketch, by name."""
        return {name: getattr(self, name) for name in _DTYPES}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> ScoreSketch:
        """Read what `to_arrays` wrote; raises ModelError if it is something else."""
        if set(arrays) != set(_DTYPES):
            raise ModelError(f"not the arrays of a score sketch: {sorted(arrays)}")
        for name, array in arrays.items():
            wanted = _DTYPES[name]
            same = array.dtype.kind == "U" if wanted == "U" else array.dtype == np.dtype(wanted)
            lead = "cell" if name.startswith("cell") else "top_score"
            if not same or array.shape != (len(arrays[lead]),):
                raise ModelError(f"sketch array {name!r} is {array.dtype} of {array.shape}")
        for name in ("cell_bin", "top_bin"):
            if np.isin(arrays[name], np.arange(N_BINS), invert=True).any():
                raise ModelError(f"sketch array {name!r} names a peer bin that does not exist")
        return cls(**arrays)  # type: ignore[arg-type]


def _strangest_first(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort by falling score; ties by the rest, so that the order is always the same."""
    return frame.sort_values(
        ["score", "night", "object", "bin"], ascending=[False, True, True, True], kind="stable"
    )
