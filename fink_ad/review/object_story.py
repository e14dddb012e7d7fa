"""One object over time: how models rank an alert of it, and what happened to it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from fink_ad.alerts.times import MJD_EPOCH
from fink_ad.features import FeatureTable
from fink_ad.forest import rarity
from fink_ad.review.desk import Desk
from fink_ad.review.model_orders import comparable_revisions
from fink_ad.store import KeptRecord, ReviewerRecord, Store, retracted_ids, unpack_features

__all__ = ["N_MODELS", "object_events", "score_table"]

N_MODELS = 5
"""As many shared models are asked about an alert: reading one takes a moment."""


def score_table(desk: Desk, kept: KeptRecord, reviewer: ReviewerRecord) -> pd.DataFrame:
    """Return what models make of a kept alert: the first `N_MODELS` shared, the reviewer's own.

    Returns
    -------
    pandas.DataFrame
        Columns ``model``, ``what`` it is, ``score`` and ``one in`` so many reference alerts of
        the model with about as many detections. Scores of different models do not compare;
        rarities do. A model that knows other features than the alert has is left out.
    """
    shared = comparable_revisions(desk.store, kept.survey, kept.population)
    revisions = dict(itertools.islice(shared.items(), N_MODELS))
    if reviewer.personal:
        own = desk.store.active_model(kept.survey, kept.population, reviewer.id)
        revisions |= {} if own is None else {own.revision.id: "your own"}
    rows = []
    for revision, what in revisions.items():
        model = desk.model(revision)
        if model is None or model.schema.hash != kept.feature_schema:
            continue
        n_det = np.array([kept.n_det], np.int64)
        scores = model.score(FeatureTable(model.schema, unpack_features([kept.features])), n_det)
        one_in = rarity(model.sketch, scores, n_det).one_in
        rows.append((revision[:12], what, float(scores[0]), float(one_in[0])))
    return pd.DataFrame(rows, columns=["model", "what", "score", "one in"])


def object_events(
    store: Store, survey: str, object_id: str, reviewer: ReviewerRecord, *, with_others: bool
) -> pd.DataFrame:
    """Return what happened to an object here, latest first: columns ``when`` and ``what``.

    It came into the list of a night, was shown to the reviewer, was answered, an answer was
    taken back. Of others nothing is told unless `with_others`.
    """
    events = [*_listed(store, survey, object_id), *_shown(store, survey, object_id, reviewer)]
    names = {one.id: one.name for one in store.reviewers()}
    labels = store.labels(survey, object_id)
    undone = retracted_ids(labels)
    for label in labels:
        if label.reviewer_id == reviewer.id or with_others:
            who = names.get(label.reviewer_id, "?")
            back = ", taken back later" if label.id in undone else ""
            tags = f" ({', '.join(label.tags)})" if label.tags else ""
            note = f": {label.note}" if label.note else ""
            said = f"answered {label.answer}{tags}{back}{note}"
            told = said if label.retracts is None else "took the answer back"
            events.append((label.answered_at, f"{who} {told}"))
    events.sort(key=lambda one: one[0], reverse=True)
    return pd.DataFrame(events, columns=["when", "what"])


def _listed(store: Store, survey: str, object_id: str) -> Iterable[tuple[datetime, str]]:
    """One event for each night and model: the strangest alert of it."""
    views = store.candidates(None, survey=survey, object_id=object_id, best_per_object=False)
    nights = {(one.night, one.model_revision): one for one in reversed(views)}
    for one in nights.values():
        if not np.isfinite(one.mjd_utc):
            continue
        why = f": {', '.join(one.reasons)}" if one.reasons else ""
        yield (
            MJD_EPOCH + timedelta(days=one.mjd_utc),
            f"candidate of night {one.night}, 1 in {one.one_in:,.0f}, by model "
            f"{one.model_revision[:12]}{why}",
        )


def _shown(
    store: Store, survey: str, object_id: str, reviewer: ReviewerRecord
) -> Iterable[tuple[datetime, str]]:
    for one in store.showings(reviewer.id, survey):
        if one.object_id == object_id:
            yield one.drawn_at, f"drawn for {reviewer.name}: {one.reason}"
