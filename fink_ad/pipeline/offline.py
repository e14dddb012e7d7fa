"""Features and scores of files, for studies outside the stream: nothing is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fink_ad.alerts import POPULATIONS
from fink_ad.config import Settings
from fink_ad.errors import ModelError, SourceError
from fink_ad.features import Context, FeatureSchema
from fink_ad.features.extractor import Extractor
from fink_ad.forest import Model, is_provisional, rarity
from fink_ad.pipeline.describe import Described, describe
from fink_ad.pipeline.models import Key, TrainingRows, train_model, training_rows
from fink_ad.pipeline.rank import n_detections
from fink_ad.sources import DeadLetter, Source
from fink_ad.store.history import SCHEMA_KEY

__all__ = [
    "OfflineResult",
    "first_models",
    "first_survey",
    "joint_schema",
    "write_features",
    "write_scores",
]

SCHEMA_HASH_KEY = b"fink_ad.schema_hash"

_IDENTITY = pa.schema(
    [
        pa.field("survey", pa.string()),
        pa.field("alert_id", pa.int64()),
        pa.field("object_id", pa.string()),
        pa.field("mjd_utc", pa.float64()),
        pa.field("night", pa.int32()),
        pa.field("population", pa.string()),
    ]
)


@dataclass
class OfflineResult:
    """How many rows were written, and what could not be read."""

    n_alerts: int = 0
    dead_letters: list[DeadLetter] = field(default_factory=list)
    models: dict[str, str] = field(default_factory=dict)


def joint_schema(extractor: Extractor, survey: str) -> FeatureSchema:
    """Return the columns of all populations of a survey, each once, in order."""
    schemas = [extractor.schema(survey, population) for population in POPULATIONS]
    columns = {column.id: column for schema in schemas for column in schema.columns}
    return FeatureSchema(tuple(columns.values()), schemas[0].versions)


def write_features(
    source: Source, extractor: Extractor, context: Context, path: Path
) -> OfflineResult:
    """Write one row per alert, in input order, filtered ones included.

    Columns are `_IDENTITY` and the features of all populations, NaN where a population does
    not have one. The schema and its hash are in the file's metadata.

    Raises
    ------
    SourceError
        If the alerts are of several surveys, or there are none, or `path` cannot be written.
    """

    def columns(described: Described, order: FeatureSchema) -> dict[str, NDArray[np.float64]]:
        values = np.full((len(described.batch), len(order.names)), np.nan)
        places = {name: place for place, name in enumerate(order.names)}
        for rows, table in described.features.values():
            mine = np.array([places[name] for name in table.schema.names], np.int64)
            values[np.ix_(rows, mine)] = table.values
        return {name: np.ascontiguousarray(values[:, place]) for name, place in places.items()}

    result = OfflineResult()
    with _Writer(path) as writer:
        for described in _described(source, context, result):
            schema = joint_schema(extractor, described.batch.survey)
            metadata = {
                SCHEMA_HASH_KEY: schema.hash.encode(),
                SCHEMA_KEY: json.dumps(schema.to_json()).encode(),
            }
            writer.write(described, columns(described, schema), metadata)
            result.n_alerts += len(described.batch)
    _refuse_nothing(result)
    return result


def write_scores(
    source: Source,
    models: Mapping[str, Model],
    context: Context,
    path: Path,
    settings: Settings | None = None,
) -> OfflineResult:
    """Write the score of each alert, in input order, filtered ones included.

    Adds to the identity of each alert ``score`` (higher = stranger), ``rarity`` (1 in N, against
    the model's reference sample), ``model`` and ``provisional``.

    Parameters
    ----------
    models : mapping of str to Model
        By population.
    settings : Settings, optional
        How to train a model for a population that has none, on the alerts of the batch it first
        appears in; None refuses such alerts.

    Raises
    ------
    ModelError
        If a population has no model, or a model does not fit the features.
    SourceError
        As for `write_features`.
    """
    result = OfflineResult()
    models = dict(models)
    with _Writer(path) as writer:
        for described in _described(source, context, result):
            if settings is not None:
                for key, rows in training_rows(described).items():
                    if key[1] not in models:
                        few = TrainingRows.join([rows], settings.first_model.size)
                        models[key[1]] = train_model(key, few, settings)
            columns = _scores(described, models)
            writer.write(described, columns, {})
            result.n_alerts += len(described.batch)
    _refuse_nothing(result)
    result.models = {population: model.id for population, model in models.items()}
    return result


def _refuse_nothing(result: OfflineResult) -> None:
    """Say why there is no table."""
    if result.n_alerts:
        return
    if not result.dead_letters:
        raise SourceError("there are no alerts in these files")
    first = result.dead_letters[0]
    raise SourceError(
        f"no packet could be read; the first of {len(result.dead_letters)}: {first.reason}, "
        f"{first.detail}"
    )


def _scores(described: Described, models: Mapping[str, Model]) -> dict[str, Any]:
    n = len(described.batch)
    n_det = n_detections(described.batch)
    score, one_in = np.full(n, np.nan), np.full(n, np.nan)
    ids, provisional = np.full(n, "", object), np.zeros(n, np.bool_)
    for population, (rows, table) in described.features.items():
        model = models.get(population)
        survey = described.batch.survey
        if model is None:
            raise ModelError(f"there is no model for {survey} {population} alerts")
        if model.survey != survey:
            raise ModelError(f"model {model.short_id} is for {model.survey}, not {survey} alerts")
        score[rows] = model.score(table, n_det[rows])
        one_in[rows] = rarity(model.sketch, score[rows], n_det[rows]).one_in
        ids[rows] = model.id
        provisional[rows] = model.provisional or is_provisional(model.sketch)
    return {"score": score, "rarity": one_in, "model": ids, "provisional": provisional}


def first_survey(source: Source) -> str:
    """Return the survey of the first alerts of a source; empty if there are none."""
    for batch in source.batches({}):
        for part in batch.surveys:
            if len(part.alerts):
                return part.alerts.survey
    return ""


def first_models(
    source: Source, settings: Settings, context: Context, given: Mapping[str, Model]
) -> dict[str, Model]:
    """Return the given models, and for other populations one trained on the first alerts."""
    parts: dict[Key, list[TrainingRows]] = {}
    n_alerts = 0
    for described in _described(source, context, OfflineResult()):
        for key, rows in training_rows(described).items():
            if key[1] not in given:
                parts.setdefault(key, []).append(rows)
        n_alerts += len(described.batch)
        if n_alerts >= settings.first_model.size:
            break
    size = settings.first_model.size
    trained = {
        key[1]: train_model(key, TrainingRows.join(rows, size), settings)
        for key, rows in parts.items()
    }
    return trained | dict(given)


def _described(source: Source, context: Context, result: OfflineResult) -> Iterator[Described]:
    """Describe batch after batch, each survey's alerts in input order."""
    survey = ""
    for batch in source.batches({}):
        result.dead_letters += batch.dead_letters
        for part in batch.surveys:
            if len(part.alerts) == 0:
                continue
            if survey and part.alerts.survey != survey:
                raise SourceError(
                    f"the files hold alerts of {survey} and {part.alerts.survey}; their features "
                    "differ, so give the files of one survey at a time"
                )
            survey = part.alerts.survey
            yield describe(part.alerts, context, drop=False)


class _Writer:
    """One Parquet file, written batch by batch; nothing is left behind after a failure."""

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            raise SourceError(f"cannot write {path}: it is a folder; name a file in it")
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> _Writer:
        return self

    def write(
        self, described: Described, columns: Mapping[str, Any], metadata: Mapping[bytes, bytes]
    ) -> None:
        batch = described.batch.record_batch
        arrays = [batch.column(f.name).cast(f.type) for f in _IDENTITY]
        arrays += [pa.array(values) for values in columns.values()]
        table = pa.table(arrays, names=[*_IDENTITY.names, *columns])
        table = table.replace_schema_metadata(metadata)
        try:
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._partial, table.schema, compression="zstd")
            self._writer.write_table(table)
        except OSError as error:
            raise SourceError(f"cannot write {self._path}: {error.strerror or error}") from error

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._writer is None:
            return
        try:
            self._writer.close()
            if kind is None:
                self._partial.replace(self._path)
        except OSError as error:
            raise SourceError(f"cannot write {self._path}: {error.strerror or error}") from error
        finally:
            self._partial.unlink(missing_ok=True)
