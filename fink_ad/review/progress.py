"""What learning brings: anomalies found over the answers, and decisions about models."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from fink_ad.review.model_orders import comparable_revisions
from fink_ad.store import LabelRecord, Store

__all__ = ["decision_table", "version_table", "yield_table"]

_EVERY = 20
_CHECKS = ("repeat", "gold")
_N_VERSIONS = 40


def yield_table(
    store: Store, survey: str, population: str, static: Sequence[str] = ()
) -> pd.DataFrame:
    """Return how many of each 20 answers were anomalies, by how the candidates were drawn.

    What was drawn at random is the measure of what chance finds; the rest is the ranking's. Draws
    that only check whether people agree, with themselves or others, find nothing and do not count,
    nor do unsure answers.

    Parameters
    ----------
    static : sequence of str
        Objects as the forest orders them that no answer has shaped, strangest first. Who had
        gone through that order would have met its first 20 objects as the first 20, and so on.

    Returns
    -------
    pandas.DataFrame
        Columns ``answers`` (how many count at the end of the part), ``ranked`` and
        ``random`` (share of anomalies, NaN where nothing was answered); ``static`` and
        ``known``: the share among those objects of the static order that were answered, by the
        latest answer, and how many that are. The share is NaN unless half of them are known.
    """
    draws = {
        (one.reviewer_id, one.alert_id): one.draw
        for one in store.showings(survey=survey)
        if one.draw not in _CHECKS
    }
    labels = [one for one in store.latest_labels(survey, population) if one.answer != "unsure"]
    drawn = [
        (draws[key], label.answer == "anomaly")
        for label in labels
        if (key := (label.reviewer_id, label.alert_id)) in draws
    ]
    said = {one.object_id: one.answer == "anomaly" for one in sorted(labels, key=_when)}
    rows = []
    for start in range(0, len(drawn), _EVERY):
        part = drawn[start : start + _EVERY]
        known = [said[name] for name in static[start : start + _EVERY] if name in said]
        rows.append(
            (
                start + len(part),
                _share([found for draw, found in part if draw != "random"]),
                _share([found for draw, found in part if draw == "random"]),
                _share(known) if 2 * len(known) >= _EVERY else float("nan"),
                len(known),
            )
        )
    return pd.DataFrame(rows, columns=["answers", "ranked", "random", "static", "known"])


def decision_table(store: Store, survey: str, population: str) -> pd.DataFrame:
    """Return what was decided about models, latest first, with reason and figures.

    The figures are of the answers held back from both models: their number, the average
    precision of the new model (``precision``), of the one in force (``of the old``) and of
    rankings that see number of detections and age only (``of counts``); NaN where not judged.
    """
    names = {one.id: one.name for one in store.reviewers()}
    rows = [
        (
            one.decided_at,
            one.verdict,
            one.by,
            one.contender[:12],
            (one.incumbent or "")[:12],
            "everybody" if one.reviewer_id is None else names.get(one.reviewer_id, "?"),
            one.figures.get("n_answers"),
            *_precisions(one.figures),
            str(one.figures.get("reason", "")),
        )
        for one in reversed(store.decisions(survey, population))
    ]
    table = pd.DataFrame(rows, columns=list(_DECIDED))
    return table.astype(dict.fromkeys(_FIGURES, "float64"))


def version_table(store: Store, survey: str, population: str) -> pd.DataFrame:
    """Return the revisions of shared models worth a look, that in force first.

    ``answers`` it learned from, ``alerts`` its ``forest`` was grown on.
    """
    rows = []
    shared = comparable_revisions(store, survey, population)
    for revision, what in itertools.islice(shared.items(), _N_VERSIONS):
        found = store.model(revision)
        if found is not None:
            learner = str(found.model.manifest.get("learner", ""))
            made = found.activated_at
            counts = (found.revision.n_labels, found.model.n_rows)
            rows.append((revision[:12], what, *counts, learner, made, found.model.id[:12]))
    columns = ["model", "what", "answers", "alerts", "learner", "made", "forest"]
    return pd.DataFrame(rows, columns=columns)


_FIGURES = ("answers", "precision", "of the old", "of counts")
_DECIDED = ("decided", "verdict", "by", "model", "instead of", "whose", *_FIGURES, "why")


def _precisions(figures: Mapping[str, Any]) -> list[float | None]:
    judged = figures.get("held_back", {})
    contestants = ("contender", "incumbent", "baseline")
    return [judged.get(one, {}).get("average_precision") for one in contestants]


def _when(label: LabelRecord) -> tuple[datetime, int]:
    return label.answered_at, label.id


def _share(found: list[bool]) -> float:
    return float(np.mean(found)) if found else float("nan")
