"""What learning brings: anomalies found over the answers, and decisions about models."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fink_ad.store import Store

__all__ = ["decision_table", "yield_table"]

_EVERY = 20


def yield_table(store: Store, survey: str, population: str) -> pd.DataFrame:
    """Return how many of each 20 answers were anomalies, by how the candidates were drawn.

    What was drawn at random is the measure of what chance finds; the rest is the ranking's.

    Returns
    -------
    pandas.DataFrame
        Columns ``answers`` (how many were given at the end of the part), ``ranked`` and
        ``random`` (share of anomalies, NaN where nothing was answered).
    """
    draws = {(one.reviewer_id, one.alert_id): one.draw for one in store.showings(survey=survey)}
    labels = store.latest_labels(survey, population)
    drawn = [
        (draws[key], label.answer == "anomaly")
        for label in labels
        if (key := (label.reviewer_id, label.alert_id)) in draws
    ]
    rows = []
    for start in range(0, len(drawn), _EVERY):
        part = drawn[start : start + _EVERY]
        rows.append(
            (
                start + len(part),
                _share([found for draw, found in part if draw != "random"]),
                _share([found for draw, found in part if draw == "random"]),
            )
        )
    return pd.DataFrame(rows, columns=["answers", "ranked", "random"])


def decision_table(store: Store, survey: str, population: str) -> pd.DataFrame:
    """Return what was decided about models, latest first, with the reason."""
    names = {one.id: one.name for one in store.reviewers()}
    rows = [
        (
            one.decided_at,
            one.verdict,
            one.contender[:12],
            (one.incumbent or "")[:12],
            "everybody" if one.reviewer_id is None else names.get(one.reviewer_id, "?"),
            one.by,
            str(one.figures.get("reason", "")),
        )
        for one in reversed(store.decisions(survey, population))
    ]
    columns = ["decided_at", "verdict", "model", "instead of", "whose", "by", "why"]
    return pd.DataFrame(rows, columns=columns)


def _share(found: list[bool]) -> float:
    return float(np.mean(found)) if found else float("nan")
