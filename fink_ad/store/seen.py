"""Which alerts have been met before, in this run or in earlier ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["IdSet", "SeenAlerts"]


class IdSet:
    """A growing set of int64 ids: sorted arrays, each less than half the one before it.

    Adding costs a logarithmic number of merges; ten million ids take 80 MB, and twice that
    while the largest arrays are merged.
    """

    def __init__(self, ids: NDArray[np.int64] | None = None) -> None:
        self._levels: list[NDArray[np.int64]] = []
        if ids is not None and len(ids):
            self._levels.append(np.unique(ids))

    def __len__(self) -> int:
        return sum(len(level) for level in self._levels)

    def first_time(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Add ids and tell which were new, (n,); of equal ids within `ids` the first is."""
        fresh, first = np.unique(ids, return_index=True)
        known = np.zeros(len(fresh), np.bool_)
        for level in self._levels:
            place = np.minimum(np.searchsorted(level, fresh), len(level) - 1)
            known |= level[place] == fresh
        mask = np.zeros(len(ids), np.bool_)
        mask[first[~known]] = True
        self._add(fresh[~known])
        return mask

    def _add(self, fresh: NDArray[np.int64]) -> None:
        """Put sorted new ids on top, merging downwards until sizes halve again."""
        if not len(fresh):
            return
        while self._levels and len(self._levels[-1]) < 2 * len(fresh):
            fresh = np.concatenate((self._levels.pop(), fresh))
            fresh.sort()
        self._levels.append(fresh)


class SeenAlerts:
    """Alert ids met so far, per survey and night; ids of earlier runs are loaded when needed.

    Ids of a night that was put aside to save memory are loaded again from what is stored; so
    batches that are not stored yet must not hold more than `max_ids` alerts together.

    Parameters
    ----------
    load : callable
        Given survey and night, returns the stored alert ids.
    max_ids : int
        Nights met longest ago are put aside when more ids than this are in memory; the nights
        of the latest batch always stay.
    """

    def __init__(
        self, load: Callable[[str, int], NDArray[np.int64]], max_ids: int = 12_000_000
    ) -> None:
        self._load = load
        self._max_ids = max_ids
        self._nights: OrderedDict[tuple[str, int], IdSet] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(ids) for ids in self._nights.values())

    def first_time(
        self, survey: str, night: NDArray[np.integer], alert_id: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Tell which alerts of a batch are met for the first time, (n,), and remember them."""
        mask = np.zeros(len(alert_id), np.bool_)
        nights = np.unique(night).tolist()
        for one in nights:
            rows = np.flatnonzero(night == one)
            mask[rows] = self._of(survey, one).first_time(alert_id[rows])
        self._put_aside(keep=len(nights))
        return mask

    def _of(self, survey: str, night: int) -> IdSet:
        key = (survey, night)
        if key not in self._nights:
            self._nights[key] = IdSet(self._load(survey, night))
        self._nights.move_to_end(key)
        return self._nights[key]

    def _put_aside(self, keep: int) -> None:
        while len(self._nights) > keep and len(self) > self._max_ids:
            self._nights.popitem(last=False)
