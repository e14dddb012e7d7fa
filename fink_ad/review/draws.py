"""Choose which objects of an order to show next: the kind of draw, then the objects."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.config import QueueSettings
from fink_ad.store import Order, stable_hash
from fink_ad.store.records import Draw

__all__ = ["Stock", "choose"]

_N_CHOICES = 50  # taken by others between the look and the draw are few
_NOVEL_SHARE = 0.1  # of the open objects, from the strangest, that the novel are looked for among


@dataclass(frozen=True, eq=False)
class Stock:
    """What may be drawn for a reviewer; all arrays are rows of the order, strangest first.

    Attributes
    ----------
    open : (n,) int64
        Objects to be answered.
    repeat : (n,) int64
        Objects the reviewer answered a while ago.
    gold : (n,) int64
        Objects that others agree on and the reviewer has not answered.
    """

    open: NDArray[np.int64]
    repeat: NDArray[np.int64]
    gold: NDArray[np.int64]

    def without(self, rows: Collection[int]) -> Stock:
        """Return what is left when some rows are taken."""
        taken = np.array(sorted(rows), np.int64)
        return Stock(*(kind[~np.isin(kind, taken)] for kind in (self.open, self.repeat, self.gold)))


def choose(
    order: Order, stock: Stock, settings: QueueSettings, survey: str, reviewer_id: int, count: int
) -> list[tuple[Draw, float, int]]:
    """Return kind of draw, its share, and row of the order; most wanted first.

    The kind depends on the reviewer and on how many draws they had before, by a hash, and so
    does what is drawn at random: the same question gets the same answer. The strangest follow
    in case all of the kind are in other hands.

    ``top``
        The strangest object.
    ``novel``
        Of the strangest tenth the one that shares leaves with answered alerts in the fewest
        trees.
    ``random``
        Any open object, all with the same probability.
    ``repeat``, ``gold``
        Any of the stock: they tell how reviewers agree with themselves and with others.

    Parameters
    ----------
    count : int
        Number of draws the reviewer had before.

    Notes
    -----
    The share of a kind of which there is nothing goes to ``top``. So each share told is the
    probability with which this kind was drawn.
    """
    salt = f"queue {reviewer_id}"
    shares = _shares(order, stock, settings)
    uniform = float(stable_hash(survey, np.array([count]), salt)[0]) / 2.0**64
    kinds: tuple[Draw, ...] = ("novel", "random", "repeat", "gold")
    kind: Draw = "top"
    for one in kinds:
        uniform -= shares[one]
        if uniform < 0:
            kind = one
            break
    if kind == "novel":
        rows = _novel(order, stock.open)
    elif kind == "top":
        rows = stock.open[:0]
    else:
        rows = {"random": stock.open, "repeat": stock.repeat, "gold": stock.gold}[kind]
        keys = stable_hash(survey, order.alert_id[rows], f"{salt} {count}")
        rows = rows[np.argsort(keys, kind="stable")]
    top = 1.0 - sum(shares.values())
    wanted = [(kind, shares[kind], row) for row in rows[:_N_CHOICES].tolist() if kind != "top"]
    strangest: list[tuple[Draw, float, int]] = [
        ("top", top, row) for row in stock.open[:_N_CHOICES].tolist()
    ]
    return wanted + strangest


def _shares(order: Order, stock: Stock, settings: QueueSettings) -> Mapping[Draw, float]:
    """Return the probability of each kind but ``top``; 0 where there is nothing of it."""
    near = order.novelty[_strangest(stock.open)]
    told_apart = len(near) > 1 and bool(np.ptp(near) > 0)  # false for NaN, too
    return {
        "novel": settings.share_novel if told_apart else 0.0,
        "random": settings.share_random if len(stock.open) else 0.0,
        "repeat": settings.share_repeat if len(stock.repeat) else 0.0,
        "gold": settings.share_gold if len(stock.gold) else 0.0,
    }


def _strangest(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    return rows[: int(np.ceil(_NOVEL_SHARE * len(rows)))]


def _novel(order: Order, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    near = _strangest(rows)
    return near[np.argsort(-order.novelty[near], kind="stable")]
