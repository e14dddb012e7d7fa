"""Model card: what a model is, what it learned from, and what it looks at, in one mapping."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.features import FeatureTable
from fink_ad.forest.model import Model
from fink_ad.forest.training import LabelledAlerts

__all__ = ["model_card"]

_N_STRANGEST = 100  # reference alerts whose explanation says what the model looks at
_N_TIMED = 5000  # rows scored to measure the speed


def model_card(model: Model, folder: Path | None = None) -> dict[str, Any]:
    """Return the card of a model, JSON-able.

    Parameters
    ----------
    model : Model
        Which.
    folder : Path, optional
        Its folder; its size is told if given.
    """
    card = {
        "id": model.id,
        "survey": model.survey,
        "population": model.population,
        "reviewer": model.reviewer or "all",
        "provisional": model.provisional,
        "learner": model.learner.name,
        "parameters": dict(model.learner.parameters),
        "seed": model.seed,
        "schema_hash": model.schema.hash,
        "columns": list(model.used_columns),
        "dropped_columns": list(model.dropped_columns),
        "n_reference": len(model.reference),
        "nights": [int(model.reference.nights.min()), int(model.reference.nights.max())],
        **_answers(model.labelled),
        "metrics": dict(model.metrics),
        "library_versions": dict(model.library_versions),
        "telling_features": _telling(model),
        "rows_per_second": round(_speed(model)),
    }
    if folder is not None:
        card["bytes"] = sum(file.stat().st_size for file in folder.iterdir())
    return card


def _answers(labelled: LabelledAlerts | None) -> dict[str, Any]:
    """Return the answers learned from, counted, and for each reviewer where they are known."""
    if labelled is None:
        return {"answers": {}, "reviewers": {}}
    who = [] if labelled.reviewers is None else labelled.reviewers.tolist()
    return {
        "answers": _counted(labelled.answers),
        "reviewers": {
            reviewer: _counted(labelled.answers[labelled.reviewers == reviewer])
            for reviewer in sorted(set(who))
        },
    }


def _counted(answers: NDArray[np.str_]) -> dict[str, int]:
    return dict(sorted(Counter(answers.tolist()).items()))


def _telling(model: Model) -> list[dict[str, Any]]:
    """Return the columns that add most to the scores of the strangest reference alerts."""
    table = FeatureTable(model.schema, model.reference.values)
    n_det = model.reference.n_det
    strangest = np.argsort(-model.score(table, n_det), kind="stable")[:_N_STRANGEST]
    values = model.imputation.prepare(model.reference.values[strangest])
    bins = model.reference.peer_bins[strangest]
    mean = model.learner.contributions(values, bins).mean(axis=0)
    order = np.argsort(-mean, kind="stable")[:10]
    described = [model.schema.columns[place] for place in model.imputation.columns]
    return [
        {
            "column": described[place].id,
            "contribution": float(mean[place]),
            "meaning": described[place].meaning,
        }
        for place in order.tolist()
        if mean[place] > 0.0
    ]


def _speed(model: Model) -> float:
    """Return rows scored a second on one core, gaps filled in included."""
    rows = np.resize(np.arange(len(model.reference)), _N_TIMED)
    table = FeatureTable(model.schema, model.reference.values[rows])
    n_det = model.reference.n_det[rows]
    model.score(table, n_det)  # compiles
    start = time.process_time()
    model.score(table, n_det)
    return _N_TIMED / max(time.process_time() - start, 1e-6)
