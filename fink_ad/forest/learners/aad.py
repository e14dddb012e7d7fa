"""Active Anomaly Discovery: an isolation forest whose leaves are weighted by answers.

Das et al. 2016 (ICDM) and 2017 (arXiv:1708.09441), as implemented by coniferest. The library
builds the trees and fits the weights; scoring is done on our own flat copy of its trees, so
that a saved model needs neither the library nor its version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from coniferest.aadforest import AADForest
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.forest.learners.contracts import Labels
from fink_ad.forest.learners.library import drawn_columns, flatten, library_failures
from fink_ad.forest.learners.one_forest import OneForest

__all__ = ["AadForest"]

_MAP_VALUES = ("const", "exponential", "linear", "reciprocal")


class AadForest(OneForest):
    """coniferest's AADForest: fresh for every fit, fitted once with all answers.

    The score is a weighted sum of leaf values, negative for most rows before there are
    answers; its scale changes with every fit, so scores of two fits cannot be compared.

    Parameters of `fit`, with defaults: ``n_trees`` 300, ``subsample`` 256 rows a tree,
    ``max_depth`` 8, ``budget`` "auto" (or a rank, or a quantile between 0 and 1: where the
    score that parts anomalies from the rest is taken), ``C_a`` 1 and ``C_n`` 1 (cost of a
    misplaced anomaly or ordinary alert), ``prior_influence`` 0 (how strongly weights are held
    at their start), ``map_value`` "reciprocal" (leaf value by depth: also "const",
    "exponential", "linear"), ``group_first`` true (columns of one group share one column's
    chance to be drawn, to within rounding; false draws all columns evenly), ``peers`` false
    (true: the score is a rank among reference rows with as many detections).
    """

    name: ClassVar[str] = "aad"
    defaults: ClassVar[Mapping[str, Any]] = {
        "n_trees": 300,
        "subsample": 256,
        "max_depth": 8,
        "budget": "auto",
        "C_a": 1.0,
        "C_n": 1.0,
        "prior_influence": 0.0,
        "map_value": "reciprocal",
        "group_first": True,
        "peers": False,
    }

    @classmethod
    def complete(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return every parameter with its value; raises ModelError on one that cannot be."""
        full = super().complete(parameters)
        budget = full["budget"]
        if budget != "auto" and not (
            (type(budget) is int and budget >= 1) or (type(budget) is float and 0.0 < budget < 1.0)
        ):
            raise ModelError(
                f"aad.budget is {budget!r}: give 'auto', a whole number, or a share between 0 and 1"
            )
        for name in ("C_a", "C_n", "prior_influence"):
            if type(full[name]) not in (int, float) or not 0.0 <= full[name] < np.inf:
                raise ModelError(
                    f"aad.{name} must be a finite number of at least 0: {full[name]!r}"
                )
        if full["map_value"] not in _MAP_VALUES:
            raise ModelError(
                f"aad.map_value is {full['map_value']!r}, not one of {', '.join(_MAP_VALUES)}"
            )
        return full

    @classmethod
    def fit(
        cls,
        values: NDArray[np.float32],
        groups: Sequence[str],
        labels: Labels | None,
        seed: int,
        parameters: Mapping[str, Any],
        bins: NDArray[np.int8] | None = None,
    ) -> Self:
        """Build the trees and weigh their leaves; see `Learner.fit`.

        Ordinary and anomalous answers that no tree can tell apart cancel: both are left out.
        """
        full = cls.complete(parameters)
        if len(values) < 2:
            raise ModelError(
                f"learner 'aad' needs at least 2 alerts to train on, got {len(values)}: "
                "use 'static' until there are more"
            )
        columns = drawn_columns(groups, full["group_first"])
        drawn = np.ascontiguousarray(values[:, columns])
        aad = AADForest(
            n_trees=full["n_trees"],
            n_subsamples=min(full["subsample"], len(values)),
            max_depth=full["max_depth"],
            budget=full["budget"],
            C_a=full["C_a"],
            C_n=full["C_n"],
            prior_influence=full["prior_influence"],
            map_value=full["map_value"],
            n_jobs=1,
            random_seed=seed,
            sampletrees_per_batch=1 << 14,
        )
        with library_failures():
            aad.fit_known(drawn)
            if labels is not None and len(labels):
                known = np.ascontiguousarray(labels.values[:, columns])
                told_apart = ~_contradicted(aad.apply(known), labels.targets)
                # The library's sign is the opposite of ours: -1 is its anomaly.
                answers = -labels.targets[told_apart].astype(np.int64)
                aad.fit_known(drawn, known[told_apart], answers)
        weighted = aad.evaluator.weights * aad.evaluator.leaf_values
        if not np.isfinite(weighted).all():
            raise ModelError(
                f"coniferest found no finite leaf weights for {len(values)} alerts: "
                "look for contradictory answers, or use learner 'static'"
            )
        # The library: lower = stranger.
        forest = flatten(list(aad.core_forest), -weighted, columns, values)
        return cls.of(forest, full, values, bins)


def _contradicted(leaves: NDArray[np.int64], targets: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Say which rows share every leaf with a row of the other target, (n_labels,)."""
    _, same = np.unique(leaves, axis=0, return_inverse=True)
    anomalies = np.bincount(same, weights=targets > 0)
    ordinary = np.bincount(same, weights=targets < 0)
    both: NDArray[np.bool_] = ((anomalies > 0) & (ordinary > 0))[same]
    return both
