"""Rank the kept alerts by a model: one row per object, its strangest alert."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.positions import galactic
from fink_ad.errors import ModelError
from fink_ad.expressions import Expression
from fink_ad.forest import Model, rarity
from fink_ad.forest.calibration import Calibration
from fink_ad.forest.pool import Pool
from fink_ad.learn.conditions import check_condition
from fink_ad.learn.kept import KeptAlerts
from fink_ad.store import Order

__all__ = ["rerank"]


def rerank(
    kept: KeptAlerts,
    model: Model,
    trees: str,
    where: Expression | None = None,
    calibration: Calibration | None = None,
) -> Order:
    """Return the order of the objects under a model, strangest first, ties by alert id.

    Parameters
    ----------
    kept : KeptAlerts
        Those with features of another schema are not ranked.
    model : Model
    trees : str
        Names its trees and reference; see `KeptAlerts.pool`.
    where : Expression, optional
        Only alerts for which it holds. It may look at the columns of the model's schema, tags,
        and ``ra_deg dec_deg l_deg b_deg n_det night mjd_utc band score one_in``.
    calibration : Calibration, optional
        Without it the probability is NaN.

    Notes
    -----
    Rarity is counted against the reference sample of the model: a revision that is seconds old
    has ranked no whole night yet.

    Raises
    ------
    ConfigError
        If `where` looks at something else.
    ModelError
        If a score is not finite.
    """
    rows, pool = kept.pool(model, trees)
    index = kept.index
    scores = pool.scores(model.learner)
    if not np.isfinite(scores).all():
        n = int((~np.isfinite(scores)).sum())
        raise ModelError(f"{n} scores of model {model.short_id} are not finite")
    chosen = np.arange(len(rows))
    if where is not None:
        chosen = np.flatnonzero(_holds(where, kept, model, rows, scores))
    ordered = chosen[np.lexsort((index.alert_id[rows[chosen]], -scores[chosen]))]
    _, first = np.unique(kept.objects[rows[ordered]], return_index=True)
    best = ordered[np.sort(first)]
    of_index = rows[best]
    n_det = index.n_det[of_index]
    rarities = rarity(model.sketch, scores[best], n_det)
    share = np.arange(1, len(best) + 1) / max(len(best), 1)
    return Order(
        alert_id=index.alert_id[of_index],
        object_id=index.object_id[of_index],
        night=index.night[of_index],
        n_det=n_det.astype(np.int32),
        score=scores[best],
        one_in=rarities.one_in,
        beyond=rarities.beyond,
        novelty=_novelty(model, pool, best),
        p_interesting=(
            np.full(len(best), np.nan, np.float32)
            if calibration is None
            else calibration.p(share).astype(np.float32)
        ),
    )


def _novelty(model: Model, pool: Pool, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return how far rows of the pool are from all answers; 1 while there are none."""
    if model.labelled is None:
        return np.ones(len(rows), np.float32)
    answered = model.prepare(model.labelled.table)
    return pool.novelty(answered, rows).astype(np.float32)


def _holds(
    where: Expression,
    kept: KeptAlerts,
    model: Model,
    rows: NDArray[np.int64],
    scores: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return for which rows of the index the condition holds."""
    index = kept.index
    l_deg, b_deg = galactic(index.ra_deg[rows], index.dec_deg[rows])
    columns: dict[str, NDArray[np.generic]] = {
        "ra_deg": index.ra_deg[rows],
        "dec_deg": index.dec_deg[rows],
        "l_deg": l_deg,
        "b_deg": b_deg,
        "n_det": index.n_det[rows],
        "night": index.night[rows],
        "mjd_utc": index.mjd_utc[rows],
        "band": index.band[rows],
        "score": scores,
    }
    if "one_in" in where.names:
        columns["one_in"] = rarity(model.sketch, scores, index.n_det[rows]).one_in
    check_condition(where, model.schema)
    if not where.names.isdisjoint(model.schema.names):
        values = kept.features(model, rows)
        columns |= dict(zip(model.schema.names, values.T, strict=True))
    return where.evaluate(columns, list(index.tags[rows]))
