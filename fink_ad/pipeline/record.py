"""From a ranked source batch to what is stored of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fink_ad.alerts import POPULATIONS, AlertBatch
from fink_ad.alerts.schema import SCHEMA_VERSION
from fink_ad.config import KeptSettings
from fink_ad.features import FeatureTable
from fink_ad.forest import Model
from fink_ad.forest.explanation import top_features
from fink_ad.pipeline.describe import Described
from fink_ad.pipeline.scored import FILTERED, SCORED, WITHHELD, ScoredBatch
from fink_ad.sources import DeadLetter, SourceBatch, SurveyBatch
from fink_ad.store import FilteredRows, ScoredRows, Store
from fink_ad.store.blobs import pack_alerts, pack_features, pack_stamps
from fink_ad.store.records import CandidateRecord, CountKey, KeptFor, KeptRecord
from fink_ad.store.sampling import in_random_share

__all__ = [
    "RankedPart",
    "candidate_records",
    "counts_of",
    "filtered_rows",
    "kept_records",
    "scored_rows",
    "split_letters",
]

N_TOP_FEATURES = 3

_KEPT_COLUMNS = [
    "survey",
    "alert_id",
    "object_id",
    "population",
    "night",
    "mjd_utc",
    "ra_deg",
    "dec_deg",
    "band",
    "n_det",
    "score",
    "model_revision",
    "tags",
]
"""What a kept alert shares with its scored row."""


@dataclass(frozen=True, eq=False)
class RankedPart:
    """One survey's share of a source batch, ranked.

    Attributes
    ----------
    source : SurveyBatch
        As it arrived, duplicates included.
    rows : (n,) int64
        Rows of the source's alerts that were met for the first time.
    described, scored
        Those alerts, described and ranked.
    """

    source: SurveyBatch
    rows: NDArray[np.int64]
    described: Described
    scored: ScoredBatch

    @property
    def batch(self) -> AlertBatch:
        """The alerts, each once, routed to their populations."""
        return self.described.batch


def split_letters(batch: SourceBatch) -> tuple[list[DeadLetter], list[DeadLetter]]:
    """Tell the dead letters that the batch's ranges cover from those that will come again."""
    ranges = {one.partition: one for one in batch.ranges}
    settled: list[DeadLetter] = []
    pending: list[DeadLetter] = []
    for letter in batch.dead_letters:
        one = ranges.get(letter.partition)
        covered = one is not None and one.start <= letter.position < one.stop
        (settled if covered else pending).append(letter)
    return settled, pending


def counts_of(letters: Sequence[DeadLetter], parts: Sequence[RankedPart]) -> Counter[CountKey]:
    """Count what became of every packet, by night, survey and reason."""
    counts: Counter[CountKey] = Counter()
    for letter in letters:
        counts[CountKey(0, "", "in")] += 1
        counts[CountKey(0, "", "dead_letter", letter.reason)] += 1
    for part in parts:
        survey = part.batch.survey or part.source.alerts.survey
        arrived = part.source.alerts.numbers("night")
        _count(counts, survey, "in", arrived)
        _count(counts, survey, "duplicate", np.delete(arrived, part.rows))
        fate = part.scored.numbers("fate")
        night = part.scored.numbers("night")
        reason = np.array(part.scored.strings("reason"), object)
        _count(counts, survey, "scored", night[fate != FILTERED])
        for kind, code in (("filtered", FILTERED), ("withheld", WITHHELD)):
            for why in np.unique(reason[fate == code]).tolist():
                _count(counts, survey, kind, night[(fate == code) & (reason == why)], why)
    return counts


def _count(
    counts: Counter[CountKey], survey: str, kind: str, nights: NDArray[np.int32], reason: str = ""
) -> None:
    for night, n in zip(*np.unique(nights, return_counts=True), strict=True):
        counts[CountKey(int(night), survey, kind, reason)] += int(n)  # type: ignore[arg-type]


def scored_rows(part: RankedPart) -> Iterator[ScoredRows]:
    """Yield the scored alerts of each population and night, for the history."""
    scored = part.scored
    night = scored.numbers("night")
    for of_population, table in part.described.features.values():
        for one in np.unique(night[of_population]).tolist():
            chosen = night[of_population] == one
            rows = of_population[chosen]
            yield ScoredRows(
                alerts=part.batch if len(rows) == len(part.batch) else part.batch.take(rows),
                n_det=scored.numbers("n_det")[rows],
                features=FeatureTable(table.schema, table.values[chosen]),
                score=scored.numbers("score")[rows],
                rarity=scored.numbers("one_in")[rows],
                # One model and one reference rank the alerts of a population and night.
                model_revision=scored.record_batch.column("model_revision")[int(rows[0])].as_py(),
                provisional=bool(scored.numbers("provisional")[rows[0]]),
            )


def filtered_rows(part: RankedPart) -> FilteredRows | None:
    """Return the alerts dropped before the features, for the history; None if there are none."""
    dropped = part.described.dropped != ""
    if not dropped.any():
        return None
    return FilteredRows(part.batch.take(dropped), part.described.dropped[dropped])


def candidate_records(
    part: RankedPart, models: Mapping[tuple[str, str], Model]
) -> list[CandidateRecord]:
    """Return the candidates with the features that made them strange."""
    records = []
    scored = part.scored
    chosen = scored.numbers("candidate")
    batch = part.batch
    for population, (rows, table) in part.described.features.items():
        of_population = np.flatnonzero(chosen[rows])
        if len(of_population) == 0:
            continue
        told = top_features(
            models[batch.survey, population],
            FeatureTable(table.schema, table.values[of_population]),
            N_TOP_FEATURES,
            n_det=scored.numbers("n_det")[rows[of_population]],
        )
        for place, row in enumerate(rows[of_population].tolist()):
            values = scored.record_batch.slice(row, 1).to_pylist()[0]
            records.append(
                CandidateRecord(
                    survey=batch.survey,
                    alert_id=values["alert_id"],
                    object_id=values["object_id"],
                    population=population,
                    night=values["night"],
                    model_revision=values["model_revision"],
                    score=values["score"],
                    one_in=values["one_in"],
                    beyond=values["beyond"],
                    provisional=values["provisional"],
                    reasons=(values["promoted"] or "rarity",),
                    tags=tuple(values["tags"]),
                    top_features=told.told(place),
                )
            )
    return records


def kept_records(
    part: RankedPart, store: Store, settings: KeptSettings, watched: Collection[str] = ()
) -> list[KeptRecord]:
    """Return the alerts whose rows, features and (for the strangest) stamps are stored.

    Parameters
    ----------
    watched : collection of str
        Objects that somebody watches: all their scored alerts are kept, with stamps.
    """
    scored = part.scored
    batch = part.batch
    ids = batch.numbers("alert_id")
    live = scored.numbers("fate") != FILTERED
    kept_for = np.zeros(len(batch), np.int64)
    for reason, mask in (
        (KeptFor.CANDIDATE, scored.numbers("candidate")),
        (KeptFor.TOP, scored.numbers("top_share") & (scored.numbers("fate") == SCORED)),
        (KeptFor.RANDOM, in_random_share(batch.survey, ids, settings.random_share)),
        (KeptFor.REFERENCE, _in_reservoir(part, store, settings.reference)),
        (KeptFor.WATCHED, _is_of(batch, watched)),
    ):
        kept_for[mask & live] |= int(reason)
    rows = np.flatnonzero(kept_for)
    if len(rows) == 0:
        return []
    with_stamps = KeptFor.CANDIDATE | KeptFor.TOP | KeptFor.RANDOM | KeptFor.WATCHED
    stamped = (kept_for[rows] & int(with_stamps)) != 0
    stamps: list[bytes | None] = [None] * len(rows)
    found = pack_stamps(part.source.stamps(part.rows[rows[stamped]]))
    for place, stamp in zip(np.flatnonzero(stamped).tolist(), found, strict=True):
        stamps[place] = stamp
    chosen = batch.take(rows)
    blobs = pack_alerts(chosen)
    classes = chosen.record_batch.column("broker_classes").to_pylist()
    features = scored.record_batch.column("features").take(pa.array(rows))
    facts = scored.record_batch.select(_KEPT_COLUMNS).take(pa.array(rows)).to_pylist()
    return [
        KeptRecord(
            **fact,
            feature_schema=schema_hash,
            kept_for=KeptFor(reasons),
            alert=blob,
            alert_schema=SCHEMA_VERSION,
            features=pack_features(vector.values.to_numpy()[None])[0],
            broker_classes=tuple(told or ()),
            stamps=stamp,
        )
        for fact, schema_hash, reasons, blob, vector, told, stamp in zip(
            facts,
            scored.record_batch.column("schema_hash").take(pa.array(rows)).to_pylist(),
            kept_for[rows].tolist(),
            blobs,
            features,
            classes,
            stamps,
            strict=True,
        )
    ]


def _is_of(batch: AlertBatch, objects: Collection[str]) -> NDArray[np.bool_]:
    """Tell which alerts are of these objects, (n,)."""
    if not objects:
        return np.zeros(len(batch), np.bool_)
    names = pa.array(sorted(objects), pa.string())
    found = pc.is_in(batch.record_batch.column("object_id").cast(pa.string()), value_set=names)
    mask: NDArray[np.bool_] = found.to_numpy(zero_copy_only=False)
    return mask


def _in_reservoir(part: RankedPart, store: Store, size: int) -> NDArray[np.bool_]:
    """Tell which alerts may belong to the reference reservoir; the store keeps the smallest."""
    batch = part.batch
    inside = np.zeros(len(batch), np.bool_)
    if size < 1:
        return inside
    population = batch.codes("population")
    for code, name in enumerate(POPULATIONS):
        rows = np.flatnonzero(population == code)
        if len(rows):
            ids = batch.numbers("alert_id")[rows]
            inside[rows] = store.reservoir_admits(batch.survey, name, ids, size)
    return inside
