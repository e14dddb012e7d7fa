"""The candidates of many nights as one table, as screens list, filter and export it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fink_ad.alerts.positions import galactic
from fink_ad.errors import ModelError
from fink_ad.forest import Model
from fink_ad.store import CandidateView, Store

__all__ = ["CANDIDATE_COLUMNS", "candidate_table", "is_marked", "marks_of"]

CANDIDATE_COLUMNS = (
    "place",
    "object_id",
    "night",
    "band",
    "magnitude",
    "one_in",
    "score",
    "n_det",
    "classes",
    "tags",
    "reasons",
    "answer",
    "ra_deg",
    "dec_deg",
    "l_deg",
    "b_deg",
    "mjd_utc",
    "alert_id",
    "model_revision",
)
"""Columns of the table of candidates; `answer` is the reader's own, empty where they gave none."""

_MAGNITUDE = "context.last_diff_mag"


def candidate_table(
    store: Store,
    survey: str,
    population: str,
    *,
    reviewer_id: int | None = None,
    night: int | None = None,
    revision: str | None = None,
    model: Model | None = None,
) -> pd.DataFrame:
    """Return the candidates of a survey and population, strangest first, one row per object.

    Parameters
    ----------
    reviewer_id : int, optional
        Whose answers to show.
    night, revision : optional
        Only those of a night, or by a model revision. Scores of different revisions do not
        compare: without one, the order is that of the numbers alone.
    model : Model, optional
        Whose feature schema tells which column is the magnitude; without one, or with features
        of another schema, magnitudes are missing.
    """
    views = store.candidates(
        None, night=night, model=revision, survey=survey, population=population
    )
    answers: dict[str, str] = {}
    if reviewer_id is not None:
        own = store.latest_labels(survey, population, reviewer_id)
        answers = {label.object_id: label.answer for label in own}
    columns: dict[str, Any] = {name: [getattr(view, name) for view in views] for name in _SAME}
    latitude = galactic(columns["ra_deg"], columns["dec_deg"])
    columns |= {
        "place": np.arange(1, len(views) + 1),
        "alert_id": [str(view.alert_id) for view in views],
        "classes": [_COMMA.join(view.broker_classes) for view in views],
        "tags": [_COMMA.join(view.tags) for view in views],
        "reasons": [", ".join(view.reasons) for view in views],
        "answer": [answers.get(view.object_id, "") for view in views],
        "magnitude": _magnitudes(store, views, model),
        "l_deg": latitude[0],
        "b_deg": latitude[1],
    }
    return pd.DataFrame({name: columns[name] for name in CANDIDATE_COLUMNS})


def marks_of(table: pd.DataFrame) -> list[str]:
    """Return the classes and tags in a table of candidates, the most frequent first."""
    every = pd.concat([table[name] for name in _MARKS]).str.split(_COMMA).explode()
    return [one for one in every.value_counts().index.tolist() if one]


def is_marked(table: pd.DataFrame, marks: Collection[str]) -> NDArray[np.bool_]:
    """Return which candidates have one of these classes or tags, (n,)."""
    found = np.zeros(len(table), np.bool_)
    for name in _MARKS:
        told = table[name].str.split(_COMMA).tolist()
        found |= [not set(one).isdisjoint(marks) for one in told]
    return found


_MARKS, _COMMA = ("classes", "tags"), ", "

_SAME = (
    *("object_id", "night", "band", "one_in", "score", "n_det"),
    *("ra_deg", "dec_deg", "mjd_utc", "model_revision"),
)


def _magnitudes(
    store: Store, views: tuple[CandidateView, ...], model: Model | None
) -> NDArray[np.float64]:
    """Return the magnitudes of candidates, (n,), from their features; NaN where unknown."""
    found = np.full(len(views), np.nan)
    if model is None or not views or _MAGNITUDE not in model.schema.names:
        return found
    wanted = np.array([view.alert_id for view in views], np.int64)
    ids, features = store.kept_features(
        views[0].survey, views[0].population, model.schema.hash, np.unique(wanted)
    )
    if not len(ids):
        return found
    if features.shape[1] != len(model.schema.names):
        raise ModelError(
            f"kept features of schema {model.schema.hash} have {features.shape[1]} columns, the"
            f" schema {len(model.schema.names)}; run 'fink-ad retrain'"
        )
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    known = ids[place] == wanted
    found[known] = features[place[known], model.schema.names.index(_MAGNITUDE)]
    return found
