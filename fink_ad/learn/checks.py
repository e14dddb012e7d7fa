"""What a revision has to pass before its order is shown: steady, and not all artefacts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.config import LearnSettings
from fink_ad.filters.quality import QUALITY_TAGS
from fink_ad.store import KeptIndex, Order

__all__ = ["N_TOP", "Checked", "artefacts", "check_order"]

N_TOP = 100
"""How many of the strangest objects are looked at."""


@dataclass(frozen=True)
class Checked:
    """What was found.

    Attributes
    ----------
    failures : tuple of str
        What is wrong, in words; empty if nothing is.
    figures : mapping
        ``overlap``, the share of the strangest before that still are among the strangest, None
        without an order before; ``artefact_share`` and ``artefact_share_before``, the shares of
        known artefacts among the strangest.
    """

    failures: tuple[str, ...]
    figures: dict[str, Any]


def check_order(
    order: Order,
    before: Order | None,
    known_artefacts: Collection[str],
    settings: LearnSettings,
) -> Checked:
    """Look at the strangest `N_TOP` objects of a new order, and of the one before.

    Parameters
    ----------
    order : Order
    before : Order or None
        The order of the same trees that is shown now. Objects that are not ranked any more do
        not count against the new one.
    known_artefacts : collection of str
        Objects; see `artefacts`.
    settings : LearnSettings
        ``floor_overlap`` and ``max_artefact_share``. Many artefacts are no reason to keep an
        order that shows as many.
    """
    failures = []
    top = set(order.object_id[:N_TOP].tolist())
    share = _share(top, known_artefacts)
    overlap, share_before = None, 0.0
    if before is not None:
        ranked = set(order.object_id.tolist())
        old = [one for one in before.object_id[:N_TOP].tolist() if one in ranked]
        overlap = _share(old, top) if old else 1.0
        share_before = _share(old, known_artefacts)
        if overlap < settings.floor_overlap:
            failures.append(
                f"only {overlap:.0%} of the {len(old)} strangest objects stay among the strangest,"
                f" less than learn.floor_overlap = {settings.floor_overlap:g}"
            )
    if share > max(settings.max_artefact_share, share_before):
        failures.append(
            f"{share:.0%} of the {len(top)} strangest objects are known artefacts, more than"
            f" learn.max_artefact_share = {settings.max_artefact_share:g}"
        )
    return Checked(
        tuple(failures),
        {
            "overlap": overlap,
            "artefact_share": share,
            "artefact_share_before": share_before,
        },
    )


def artefacts(index: KeptIndex, bogus: Collection[str]) -> frozenset[str]:
    """Return the objects answered bogus, and those with an alert that is tagged as doubtful."""
    by_tags = {tags: not QUALITY_TAGS.isdisjoint(tags) for tags in set(index.tags.tolist())}
    doubtful: NDArray[np.bool_] = np.fromiter(
        map(by_tags.__getitem__, index.tags), np.bool_, len(index)
    )
    return frozenset(bogus) | frozenset(index.object_id[doubtful].tolist())


def _share(of: Collection[str], among: Collection[str]) -> float:
    return sum(one in among for one in of) / max(len(of), 1)
