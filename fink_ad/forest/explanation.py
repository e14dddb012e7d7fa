"""Which features make an alert strange: for the few that a reviewer looks at.

Every split moves an alert from the mean score of the reference alerts in its node to that of
the child taken, and the column of the split is credited with the step (Saabas 2014; for the
path lengths of isolation forests as in coniferest's feature signature). The steps of an alert
add up to its own value minus the reference mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fink_ad.features import FeatureTable
from fink_ad.forest.model import Model
from fink_ad.forest.sketch import peer_bin

__all__ = ["ToldFeature", "TopFeatures", "feature_percentiles", "top_features"]


class ToldFeature(NamedTuple):
    """One feature of one alert, as a reviewer reads it; in this order it is stored.

    Attributes
    ----------
    name : str
        Column id.
    value : float or None
        None where not defined, the median having stood in.
    contribution : float
        What it adds to the score, in the learner's additive units.
    unit : str
        As an astronomer writes it; empty for none.
    percentile : float or None
        Where the value stands in the model's reference sample; see `feature_percentiles`.
    meaning : str
        One line.
    """

    name: str
    value: float | None
    contribution: float
    unit: str = ""
    percentile: float | None = None
    meaning: str = ""


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
    units, meanings : (n_alerts, k) object array of str
        Of the columns; empty where the name is.
    percentiles : (n_alerts, k) float64
        Where the values stand in the model's reference sample, 0 to 100; NaN where the value is.
    """

    names: NDArray[np.object_]
    values: NDArray[np.float64]
    contributions: NDArray[np.float64]
    units: NDArray[np.object_]
    meanings: NDArray[np.object_]
    percentiles: NDArray[np.float64]

    def told(self, row: int) -> tuple[ToldFeature, ...]:
        """Return the features of one alert that have a name, strongest first."""
        return tuple(
            ToldFeature(
                str(self.names[row, place]),
                _or_none(self.values[row, place]),
                float(self.contributions[row, place]),
                str(self.units[row, place]),
                _or_none(self.percentiles[row, place]),
                str(self.meanings[row, place]),
            )
            for place in np.flatnonzero(self.names[row] != "").tolist()
        )


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
    real = strongest > 0.0
    values = np.where(real, values, np.nan)
    described = model.schema.columns

    def of_columns(texts: list[str]) -> NDArray[np.object_]:
        return np.where(real, np.array(texts, object)[columns], "")

    return TopFeatures(
        of_columns([column.id for column in described]),
        values,
        np.where(real, strongest, 0.0),
        of_columns([column.unit for column in described]),
        of_columns([column.meaning for column in described]),
        feature_percentiles(model, values, columns),
    )


def feature_percentiles(
    model: Model, values: NDArray[np.float64], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return where each value stands in the model's reference sample, shaped as `values`.

    The percentage of reference alerts that have the feature and a lower value, those with an
    equal one counted by half: 0 to 100, NaN where the alert or the whole sample lacks the
    feature. All alerts of the population count, whatever their number of detections.

    Parameters
    ----------
    columns : array of int, shaped as `values`
        The column of the model's schema that each value is of.
    """
    found = np.full(values.shape, np.nan)
    known = np.isfinite(values)
    for column in np.unique(columns[known]).tolist():
        sample = model.reference.values[:, column]
        sample = np.sort(sample[np.isfinite(sample)])
        if len(sample):
            here = known & (columns == column)
            below = np.searchsorted(sample, values[here], "left")
            up_to = np.searchsorted(sample, values[here], "right")
            found[here] = 50.0 * (below + up_to) / len(sample)
    return found


def _or_none(number: float) -> float | None:
    return float(number) if np.isfinite(number) else None
