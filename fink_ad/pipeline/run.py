"""The loop around the street: batches in, candidates, history and counts out.

At-least-once input becomes an exactly-once effect: the history part of a batch is named after
its input range and replaced by a repetition; candidates, kept alerts, counts, dead letters and
the ledger entry of the range are stored in one transaction; only then is the range
acknowledged to the source.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.config import Settings
from fink_ad.features import Context
from fink_ad.pipeline.describe import Described, describe, providers_of
from fink_ad.pipeline.models import Key, ModelKeeper
from fink_ad.pipeline.rank import rank
from fink_ad.pipeline.record import (
    RankedPart,
    candidate_records,
    counts_of,
    filtered_rows,
    kept_records,
    scored_rows,
    split_letters,
)
from fink_ad.pipeline.summary import RunSummary
from fink_ad.pipeline.tables import SideTables
from fink_ad.sources import Source, SourceBatch, SurveyBatch
from fink_ad.store import SeenAlerts, Store
from fink_ad.store.records import BatchRecord
from fink_ad.telemetry import Metrics, NoMetrics, timed

__all__ = ["Street", "run"]

_NO_METRICS = NoMetrics()


@dataclass(frozen=True, eq=False)
class _DescribedPart:
    """One survey's share of a source batch, described; duplicates are left out."""

    source: SurveyBatch
    rows: NDArray[np.int64]
    described: Described


@dataclass(frozen=True, eq=False)
class _DescribedBatch:
    source: SourceBatch
    parts: list[_DescribedPart]

    @property
    def needs(self) -> list[tuple[Key, str]]:
        """Survey and population of the models it takes, and the features they must know."""
        return [
            ((part.source.alerts.survey, population), table.schema.hash)
            for part in self.parts
            for population, (_, table) in part.described.features.items()
        ]

    @property
    def n_alerts(self) -> int:
        return sum(len(part.rows) for part in self.parts)

    @property
    def n_bytes(self) -> int:
        held: int = sum(part.described.batch.record_batch.nbytes for part in self.parts)
        return self.source.n_bytes + held


def run(
    source: Source,
    store: Store,
    settings: Settings,
    *,
    on_batch: Callable[[RunSummary], None] = lambda summary: None,
    should_stop: Callable[[], bool] = lambda: False,
    summary: RunSummary | None = None,
    metrics: Metrics = _NO_METRICS,
) -> RunSummary:
    """Take everything a source has through the street and store what comes out.

    Parameters
    ----------
    source : Source
        Where alerts come from; what the ledger lists as done is not read again.
    store : Store
        Where candidates, history, counts and models are.
    settings : Settings
        Settings in force.
    on_batch : callable
        Told the counts so far after each batch.
    should_stop : callable
        Asked between batches; when true, the run ends with what is stored so far.
    summary : RunSummary, optional
        Where to count, for a caller who wants the counts even if the run fails.
    metrics : Metrics
        Told how long each stage takes, and the counts of what was stored.

    Returns
    -------
    RunSummary
        Counts of this run.

    Raises
    ------
    FinkAdError
        If the source, the store or a model cannot do its work, or another run is writing to the
        same home folder. What was stored before stays.
    """
    summary = RunSummary() if summary is None else summary
    with store.writing_run():
        street = Street(source, store, settings, summary, metrics)
        street.walk(store.done(source.name), on_batch, should_stop)
    return summary


class Street:
    """The state of a run: models, ids met so far, batches waiting for a first model.

    It is to be used in one turn of `Store.writing_run`, or in turns that follow one another.

    Parameters
    ----------
    source, store, settings, summary, metrics
        As in `run`.
    """

    def __init__(
        self,
        source: Source,
        store: Store,
        settings: Settings,
        summary: RunSummary,
        metrics: Metrics,
    ) -> None:
        self.summary = summary
        self._metrics = metrics
        self._source = source
        self._store = store
        self._settings = settings
        self._provider_settings: Mapping[str, Any] = dict(settings.provider)
        self._side_tables = SideTables(settings)
        self._tables = self._side_tables.current()
        broken = providers_of(Context(self._provider_settings)).broken
        self._keeper = ModelKeeper(store, settings.models_dir, settings, broken)
        self._seen = SeenAlerts(store.alert_ids)
        self._waiting: list[_DescribedBatch] = []
        store.remove_orphans()

    def walk(
        self,
        done: Mapping[str, int],
        on_batch: Callable[[RunSummary], None],
        should_stop: Callable[[], bool],
    ) -> None:
        """Take all that the source has at present, from where it is done; may be called again.

        After an error the street is not to be used any more: what it met was not all stored.
        """
        self._tables = self._side_tables.current()
        summary, metrics = self.summary, self._metrics
        began = time.perf_counter() - summary.seconds
        for batch in timed(self._source.batches(done), metrics, "decode"):
            taken = time.perf_counter()
            self.take(batch)
            metrics.batch_done(time.perf_counter() - taken)
            summary.seconds = time.perf_counter() - began
            on_batch(summary)
            if should_stop():
                summary.interrupted = True
                break
        # What an interrupted run holds back for a first model was not stored: it comes again.
        if not summary.interrupted:
            self.flush()
        summary.seconds = time.perf_counter() - began
        on_batch(summary)

    def take(self, batch: SourceBatch) -> None:
        """Take one batch as far as the models there are allow; the models are those in force."""
        self._keeper.refresh()
        _, pending = split_letters(batch)
        # What cannot be read at present is told, but not stored: the next run tries again.
        self.summary.add(counts_of(pending, []), pending)
        if not batch.ranges:
            return
        described = self._describe(batch)
        for part in described.parts:
            self._keeper.learn(part.described)
        self._waiting.append(described)
        if not self._keeper.lacks(need for one in self._waiting for need in one.needs):
            self.flush()
            return
        first_model = self._settings.first_model
        n_alerts = sum(one.n_alerts for one in self._waiting)
        n_bytes = sum(one.n_bytes for one in self._waiting)
        if n_alerts >= first_model.size or n_bytes >= first_model.buffer_mib << 20:
            self.flush()

    def flush(self) -> None:
        """Train the models that are missing, then rank and store all that waits."""
        if not self._waiting:
            return
        self._keeper.train_waiting()
        waiting, self._waiting = self._waiting, []
        for described in waiting:
            self._rank_and_store(described)

    def _describe(self, batch: SourceBatch) -> _DescribedBatch:
        context = Context(self._provider_settings, tables=self._tables)
        parts = []
        for survey in batch.surveys:
            alerts = survey.alerts
            if len(alerts) == 0:
                continue
            first = self._seen.first_time(
                alerts.survey, alerts.numbers("night"), alerts.numbers("alert_id")
            )
            rows = np.flatnonzero(first)
            described = describe(alerts if first.all() else alerts.take(rows), context)
            parts.append(_DescribedPart(survey, rows, described))
            self.summary.seconds_by_stage.update(described.seconds)
            for provider, seconds in described.seconds.items():
                self._metrics.observe("describe", seconds, provider)
        return _DescribedBatch(batch, parts)

    def _rank_and_store(self, described: _DescribedBatch) -> None:
        nights: dict[Key, set[int]] = {}
        for part in described.parts:
            night = part.described.batch.numbers("night")
            for population, (rows, _) in part.described.features.items():
                key = (part.source.alerts.survey, population)
                nights.setdefault(key, set()).update(np.unique(night[rows]).tolist())
        context = self._keeper.context(self._provider_settings, nights, self._tables)
        began = time.perf_counter()
        ranked = [
            RankedPart(part.source, part.rows, part.described, rank(part.described, context))
            for part in described.parts
        ]
        between = time.perf_counter()
        self._store_batch(described.source, ranked, context)
        self._metrics.observe("rank", between - began)
        self._metrics.observe("store", time.perf_counter() - between)

    def _store_batch(self, batch: SourceBatch, parts: list[RankedPart], context: Context) -> None:
        models = self._keeper.models()
        watched = self._store.watched_objects()
        history = []
        candidates = []
        kept = []
        for part in parts:
            for rows in scored_rows(part):
                history += self._store.history.write(self._source.name, batch.ranges, rows)
            filtered = filtered_rows(part)
            if filtered is not None:
                history += self._store.history.write_filtered(
                    self._source.name, batch.ranges, filtered
                )
            candidates += candidate_records(part, models)
            of_survey = watched.get(part.source.alerts.survey, ())
            kept += kept_records(part, self._store, self._settings.kept, of_survey)
        letters, _ = split_letters(batch)
        counts = counts_of(letters, parts)
        is_new = self._store.commit_batch(
            BatchRecord(
                source=self._source.name,
                ranges=batch.ranges,
                model_revision=context.model_revision,
                context_hash=context.content_hash,
                counts=counts,
                parts=history,
                candidates=candidates,
                kept=kept,
                dead_letters=letters,
                reservoir_size=self._settings.kept.reference,
                stamps_per_night=self._settings.kept.stamps_per_night,
            )
        )
        self._source.commit(batch.ranges)
        if not is_new:  # another process was faster
            return
        self.summary.add(counts, letters)
        self.summary.n_candidates += len(candidates)
        for key, n in counts.items():
            self._metrics.count(key.kind, n, key.survey, key.reason)
        self._metrics.count_candidates(len(candidates))
        for part in parts:
            for failures in (part.described.failures, part.scored.failures):
                self.summary.n_provider_failures.update(failures)
                for provider, n in failures.items():
                    self._metrics.count_failures(provider, n)
        for (survey, population), model in models.items():
            self.summary.models[f"{survey}/{population}"] = model.revision
            self._metrics.set_model(survey, population, model.revision)
            self.summary.provisional |= model.provisional
