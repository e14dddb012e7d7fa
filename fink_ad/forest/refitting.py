"""A model's recipe as something that can be refitted on a choice of answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.features import FeatureTable
from fink_ad.forest.held_back import Answered, Contestant
from fink_ad.forest.model import Model
from fink_ad.forest.training import LabelledAlerts

__all__ = ["refitting"]


def refitting(
    model: Model,
    labelled: LabelledAlerts,
    answered: Answered,
    may_learn: NDArray[np.bool_] | None = None,
) -> Contestant:
    """Return a contestant that relearns on the trees of a model.

    Its scores are in units of the reference's spread, median to 99 % quantile, so that those
    of one refit can stand beside those of another whatever the learner's scale.

    Parameters
    ----------
    model : Model
        Whose reference, seed and parameters.
    labelled : LabelledAlerts
        The answered alerts with features of its schema.
    answered : Answered
        The rows that will be asked for; each must have its object in `labelled`.
    may_learn : (n_answered,) bool, optional
        Rows it learns from when told to; the incumbent knows nothing of new imports.

    Raises
    ------
    ModelError
        If an answered object is not in `labelled`.
    """
    by_object = np.argsort(labelled.object_ids, kind="stable")
    names = labelled.object_ids[by_object]
    places = np.minimum(np.searchsorted(names, answered.object_ids), max(len(names) - 1, 0))
    strange = names[places] != answered.object_ids if len(names) else answered.object_ids != ""
    if strange.any():
        raise ModelError(
            f"no features of schema {model.schema.hash[:12]} for answered object "
            f"{answered.object_ids[strange][0]}: leave it out, or compute them"
        )
    row_of = by_object[places]
    reference = FeatureTable(model.schema, model.reference.values)

    def refit(learn_from: NDArray[np.int64], judged: NDArray[np.int64]) -> NDArray[np.float64]:
        if may_learn is not None:
            learn_from = learn_from[may_learn[learn_from]]
        refitted = model.relearn(_chosen(labelled, np.sort(row_of[learn_from])))
        usual = refitted.score(reference, model.reference.n_det)
        middle, far = np.quantile(usual, [0.5, 0.99])
        rows = _chosen(labelled, row_of[judged])
        scores = refitted.score(rows.table, rows.n_det)
        return np.asarray((scores - middle) / max(far - middle, 1e-12), np.float64)

    return refit


def _chosen(labelled: LabelledAlerts, rows: NDArray[np.int64]) -> LabelledAlerts:
    return LabelledAlerts(
        FeatureTable(labelled.table.schema, labelled.table.values[rows]),
        labelled.alert_ids[rows],
        labelled.object_ids[rows],
        labelled.answers[rows],
        None if labelled.confidence is None else labelled.confidence[rows],
        None if labelled.n_det is None else labelled.n_det[rows],
    )
