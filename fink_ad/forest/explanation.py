"""Which features make an alert strange: for the few that a reviewer looks at.

Every split moves an alert from the mean score of the reference alerts in its node to that of
the child taken, and the column of the split is credited with the step (Saabas 2014; for the
path lengths of isolation forests as in coniferest's feature signature). The steps of an alert
add up to its own value minus the reference mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.features import FeatureTable
from fink_ad.forest.model import Model
from fink_ad.forest.sketch import peer_bin

__all__ = ["TopFeatures", "top_features"]


@dataclass(frozen=True, eq=False)
class TopFeatures:
    """The features that make alerts strange, strongest first.

    Attributes
    ----------
    names : (n_alerts, k) object array of str
        Column ids; empty where no further column makes the alert stranger.
    values : (n_alerts, k) float64
        The alert's own values; NaN where not defined, the median having stood in.
    contributions : (n_alerts, k) float64
        Positive, in the learner's additive units; 0 where the name is empty.
    """

    names: NDArray[np.object_]
    values: NDArray[np.float64]
    contributions: NDArray[np.float64]


def top_features(
    model: Model, table: FeatureTable, k: int = 3, n_det: NDArray[np.int64] | None = None
) -> TopFeatures:
    """Return the `k` features that make each alert of a table strangest.

    Parameters
    ----------
    model : Model
        Whose score is explained.
    table : FeatureTable
        Features of its schema.
    k : int
        How many features to name.
    n_det : (n_alerts,) int64, optional
        Number of detections of each alert; needed by models that rank among peers.

    Raises
    ------
    ModelError
        If the table has another schema than the model, or `n_det` is needed and missing.
    """
    bins = None if n_det is None else peer_bin(n_det)
    contributions = model.learner.contributions(model.prepare(table), bins)
    order = np.argsort(-contributions, axis=1, kind="stable")[:, :k]
    strongest = np.take_along_axis(contributions, order, axis=1)
    columns = model.imputation.columns[order]
    values = np.take_along_axis(np.asarray(table.values, np.float64), columns, axis=1)
    names = np.array(model.schema.names, object)[columns]
    real = strongest > 0.0
    return TopFeatures(
        np.where(real, names, ""), np.where(real, values, np.nan), np.where(real, strongest, 0.0)
    )
