"""The second half of the street: score, rarity, filters after scoring, candidates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.detections import n_detections
from fink_ad.alerts.photometry import flux_to_mag
from fink_ad.errors import ModelError
from fink_ad.features import Context, FeatureTable
from fink_ad.filters import DROP, PROMOTE
from fink_ad.forest import (
    Model,
    ScoreSketch,
    is_candidate,
    is_provisional,
    kept_threshold,
    rarity,
)
from fink_ad.pipeline.describe import Described, describe, providers_of
from fink_ad.pipeline.judging import judge
from fink_ad.pipeline.scored import FILTERED, SCORED, WITHHELD, ScoredBatch

__all__ = ["RANKINGS", "Ranking", "Rankings", "n_detections", "process", "rank"]

RANKINGS = "rankings"
"""Name of the side table that holds the active models."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """An active model and what its scores are compared with.

    Attributes
    ----------
    model : Model
    references : mapping of int to ScoreSketch
        By night: scores of the whole nights before it under this model. A night that is not
        listed is compared with the model's own reference sample.
    """

    model: Model
    references: Mapping[int, ScoreSketch]

    def reference_hashes(self) -> list[tuple[int, str]]:
        """Return night and content hash of each reference, by night."""
        return [(night, ref.content_hash) for night, ref in sorted(self.references.items())]

    def reference(self, night: int) -> ScoreSketch:
        """Return what the scores of a night are compared with."""
        return self.references.get(night, self.model.sketch)


@dataclass(frozen=True, eq=False)
class Rankings:
    """Active models by (survey, population), with the rules that make a candidate."""

    by_key: Mapping[tuple[str, str], Ranking]
    candidate_rarity: float
    top_share: float

    @property
    def content_hash(self) -> str:
        """Say which models, which references and which rules."""
        models = [
            (key, ranking.model.revision, ranking.reference_hashes())
            for key, ranking in sorted(self.by_key.items())
        ]
        return repr((models, self.candidate_rarity, self.top_share))


def process(batch: AlertBatch, context: Context) -> ScoredBatch:
    """Take alerts through the whole street: filters, features, scores, verdicts.

    Pure: no files, no network, no state but what the context holds, so that the same function
    runs in a worker, a process pool, a notebook or a cluster's Arrow map.

    Parameters
    ----------
    batch : AlertBatch
        Alerts of one survey.
    context : Context
        Holds the active models as the side table `RANKINGS`.

    Returns
    -------
    ScoredBatch
        One row per alert, in the order of the batch.

    Raises
    ------
    ModelError
        If a population of the batch has no model, or its model does not fit the features.
    """
    return rank(describe(batch, context), context)


def rank(described: Described, context: Context) -> ScoredBatch:
    """Score a described batch; see `process`."""
    rankings: Rankings = context.tables[RANKINGS]
    batch = described.batch
    n = len(batch)
    n_det = n_detections(batch)
    out: dict[str, Any] = {
        "score": np.full(n, np.nan),
        "one_in": np.full(n, np.nan),
        "beyond": np.zeros(n, np.bool_),
        "provisional": np.zeros(n, np.bool_),
        "top_share": np.zeros(n, np.bool_),
        "candidate": np.zeros(n, np.bool_),
        "fate": np.where(described.dropped == "", SCORED, FILTERED).astype(np.int8),
        "reason": described.dropped.copy(),
        "promoted": described.promoted.copy(),
        "schema_hash": np.full(n, "", object),
        "model_revision": np.full(n, "", object),
    }
    tags = {tag: mask.copy() for tag, mask in described.tags.items()}
    numbers = {name: values.copy() for name, values in described.numbers.items()}
    failures: Counter[str] = Counter()
    for population, (rows, table) in described.features.items():
        ranking = rankings.by_key.get((batch.survey, population))
        if ranking is None:
            raise ModelError(f"there is no model for {batch.survey} {population} alerts yet")
        model = ranking.model
        scores = model.score(table, n_det[rows])
        out["score"][rows] = scores
        out["schema_hash"][rows] = table.schema.hash
        out["model_revision"][rows] = model.revision
        _rank_by_night(out, rows, scores, n_det, batch.numbers("night"), ranking, rankings)
        failures += _filter_after(out, tags, numbers, rows, table, described, context)
    out["candidate"] = (out["candidate"] | (out["promoted"] != "")) & (out["fate"] == SCORED)
    return ScoredBatch.from_columns(
        out
        | _identity(batch, n_det)
        | {
            "tags": _tag_lists(tags, n),
            "numbers": _number_maps(numbers, n),
            "features": _feature_lists(described, n),
        },
        failures,
    )


def _rank_by_night(
    out: dict[str, Any],
    rows: NDArray[np.int64],
    scores: NDArray[np.float64],
    n_det: NDArray[np.int64],
    nights: NDArray[np.int32],
    ranking: Ranking,
    rankings: Rankings,
) -> None:
    """Compare scores with the reference of their night."""
    for night in np.unique(nights[rows]).tolist():
        of_night = nights[rows] == night
        mine = rows[of_night]
        reference = ranking.reference(night)
        rarities = rarity(reference, scores[of_night], n_det[mine])
        out["one_in"][mine] = rarities.one_in
        out["beyond"][mine] = rarities.beyond
        out["provisional"][mine] = ranking.model.provisional or is_provisional(reference)
        out["candidate"][mine] = is_candidate(reference, rarities, rankings.candidate_rarity)
        out["top_share"][mine] = scores[of_night] >= kept_threshold(
            reference, n_det[mine], rankings.top_share
        )


def _filter_after(
    out: dict[str, Any],
    tags: dict[str, NDArray[np.bool_]],
    numbers: dict[str, NDArray[np.float64]],
    rows: NDArray[np.int64],
    table: FeatureTable,
    described: Described,
    context: Context,
) -> Counter[str]:
    """Ask the filters that look at scores; the first to decide about an alert decides.

    Returns on how many alerts each filter failed.
    """
    failures: Counter[str] = Counter()
    providers = providers_of(context).after_scoring
    batch = described.batch.take(rows) if providers else described.batch
    for provider in providers:
        verdicts, n_failed = judge(provider, batch, table, out["score"][rows], context)
        failures[provider.name] += n_failed
        undecided = (out["fate"][rows] == SCORED) & (out["promoted"][rows] == "")
        drop = rows[(verdicts.verdict == DROP) & undecided]
        out["fate"][drop] = WITHHELD
        out["reason"][drop] = verdicts.reason[(verdicts.verdict == DROP) & undecided]
        promote = (verdicts.verdict == PROMOTE) & undecided
        out["promoted"][rows[promote]] = verdicts.reason[promote]
        for name, mask in verdicts.tags.items():
            tags.setdefault(name, np.zeros(len(out["fate"]), np.bool_))[rows] |= mask
        for name, values in verdicts.numbers.items():
            numbers.setdefault(name, np.full(len(out["fate"]), np.nan))[rows] = values
    return failures


def _identity(batch: AlertBatch, n_det: NDArray[np.int64]) -> dict[str, Any]:
    """Columns that are copied from the alerts."""
    record_batch = batch.record_batch
    plain = {
        name: record_batch.column(name)
        for name in ("alert_id", "object_id", "mjd_utc", "night", "ra_deg", "dec_deg")
    }
    return plain | {
        "survey": record_batch.column("survey").cast(pa.string()),
        "population": record_batch.column("population").cast(pa.string()),
        "band": record_batch.column("band").cast(pa.string()),
        "mag": flux_to_mag(np.abs(batch.numbers("diff_flux_njy")))[0],
        "n_det": n_det.astype(np.int32),
    }


def _tag_lists(tags: Mapping[str, NDArray[np.bool_]], n: int) -> pa.ListArray:
    """Turn one mask per tag into one list of tags per alert."""
    names = sorted(tags)
    masks = np.array([tags[name] for name in names], np.bool_).reshape(len(names), n).T
    _, columns = np.nonzero(masks)
    offsets = np.concatenate(([0], np.cumsum(masks.sum(axis=1)))).astype(np.int32)
    values = pa.array(np.array(names, object)[columns], pa.string())
    return pa.ListArray.from_arrays(pa.array(offsets), values)


def _number_maps(numbers: Mapping[str, NDArray[np.float64]], n: int) -> pa.MapArray:
    """Turn one array per number into one map per alert, without what is not defined."""
    names = sorted(numbers)
    values = np.array([numbers[name] for name in names]).reshape(len(names), n).T
    defined = np.isfinite(values)
    _, columns = np.nonzero(defined)
    offsets = np.concatenate(([0], np.cumsum(defined.sum(axis=1)))).astype(np.int32)
    keys = pa.array(np.array(names, object)[columns], pa.string())
    return pa.MapArray.from_arrays(pa.array(offsets), keys, pa.array(values[defined]))


def _feature_lists(described: Described, n: int) -> pa.ListArray:
    """Put the feature vectors of all populations in the order of the batch; filtered are null."""
    sizes = np.zeros(n, np.int64)
    for rows, table in described.features.values():
        sizes[rows] = table.values.shape[1]
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    flat = np.empty(offsets[-1])
    for rows, table in described.features.values():
        width = table.values.shape[1]
        flat[(offsets[rows, None] + np.arange(width)).ravel()] = table.values.ravel()
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.array(flat), mask=pa.array(described.dropped != "")
    )
