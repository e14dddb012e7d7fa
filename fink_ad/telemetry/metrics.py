"""Numbers about the street, behind one small interface; nothing else knows who collects them.

::

    fink_ad_alerts_in_total{survey}                    fink_ad_candidates_total
    fink_ad_alerts_scored_total{survey}                fink_ad_provider_failures_total{provider}
    fink_ad_alerts_filtered_total{survey,reason}       fink_ad_stage_seconds{stage,provider}
    fink_ad_alerts_duplicate_total{survey}             fink_ad_batch_seconds
    fink_ad_alerts_dead_letter_total{survey,reason}    fink_ad_last_batch_timestamp_seconds
    fink_ad_alerts_withheld_total{survey,reason}
    fink_ad_model_info{survey,population,revision}
    fink_ad_drift{survey,population,figure}            fink_ad_drift_alarm{survey,population}
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

__all__ = ["Metrics", "NoMetrics", "PrometheusMetrics", "timed"]

MAX_REASONS = 200
"""Different reasons that are counted apart; a plug-in may make up any number of them."""

_BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_KINDS = {
    "in": ("packets that arrived", False),
    "scored": ("alerts that were scored", False),
    "filtered": ("alerts dropped before the features", True),
    "duplicate": ("alerts met before", False),
    "dead_letter": ("packets that could not be read", True),
    "withheld": ("scored alerts kept from becoming candidates", True),
}

_Item = TypeVar("_Item")


class Metrics(Protocol):
    """What the street tells of its work."""

    def count(self, kind: str, n: int, survey: str = "", reason: str = "") -> None:
        """Count what became of alerts, by the kinds of the stored counts."""
        ...

    def count_candidates(self, n: int) -> None:
        """Count new candidates."""
        ...

    def count_failures(self, provider: str, n: int) -> None:
        """Count alerts that a provider failed on."""
        ...

    def observe(self, stage: str, seconds: float, provider: str = "") -> None:
        """Tell how long a stage took for one batch."""
        ...

    def batch_done(self, seconds: float) -> None:
        """Tell that a batch went through, and how long all of it took."""
        ...

    def set_model(self, survey: str, population: str, revision: str) -> None:
        """Tell which model ranks."""
        ...

    def set_drift(
        self, survey: str, population: str, figures: Mapping[str, Any], alarm: bool
    ) -> None:
        """Tell how far the newest night is from what the model was trained on."""
        ...


class NoMetrics:
    """Listens to nothing."""

    def count(self, kind: str, n: int, survey: str = "", reason: str = "") -> None:
        """Do nothing."""

    def count_candidates(self, n: int) -> None:
        """Do nothing."""

    def count_failures(self, provider: str, n: int) -> None:
        """Do nothing."""

    def observe(self, stage: str, seconds: float, provider: str = "") -> None:
        """Do nothing."""

    def batch_done(self, seconds: float) -> None:
        """Do nothing."""

    def set_model(self, survey: str, population: str, revision: str) -> None:
        """Do nothing."""

    def set_drift(
        self, survey: str, population: str, figures: Mapping[str, Any], alarm: bool
    ) -> None:
        """Do nothing."""


class PrometheusMetrics:
    """Keeps the numbers in the form that Prometheus scrapes, in a registry of its own."""

    def __init__(self) -> None:
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            ProcessCollector,
        )

        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._alerts = {
            kind: Counter(
                f"fink_ad_alerts_{kind}",
                meaning,
                ("survey", "reason") if with_reason else ("survey",),
                registry=registry,
            )
            for kind, (meaning, with_reason) in _KINDS.items()
        }
        self._candidates = Counter("fink_ad_candidates", "new candidates", registry=registry)
        self._failures = Counter(
            "fink_ad_provider_failures",
            "alerts a provider failed on",
            ("provider",),
            registry=registry,
        )
        self._stages = Histogram(
            "fink_ad_stage_seconds",
            "time a stage took for one batch",
            ("stage", "provider"),
            registry=registry,
            buckets=_BUCKETS,
        )
        self._batches = Histogram(
            "fink_ad_batch_seconds", "time one batch took", registry=registry, buckets=_BUCKETS
        )
        self._last = Gauge(
            "fink_ad_last_batch_timestamp_seconds",
            "when the last batch was done; 0 before the first",
            registry=registry,
        )
        self._model = Gauge(
            "fink_ad_model_info",
            "the model in force",
            ("survey", "population", "revision"),
            registry=registry,
        )
        self._drift = Gauge(
            "fink_ad_drift",
            "figures of the newest night against the reference of the model",
            ("survey", "population", "figure"),
            registry=registry,
        )
        self._drift_alarm = Gauge(
            "fink_ad_drift_alarm",
            "1 if the newest night differs too much from the reference of the model",
            ("survey", "population"),
            registry=registry,
        )
        self._revisions: dict[tuple[str, str], str] = {}
        self._reasons: set[str] = set()
        self._last_batch: float | None = None

    def count(self, kind: str, n: int, survey: str = "", reason: str = "") -> None:
        """Count what became of alerts."""
        labels = {"survey": survey}
        if _KINDS[kind][1]:
            labels["reason"] = self._known(reason)
        self._alerts[kind].labels(**labels).inc(n)

    def count_candidates(self, n: int) -> None:
        """Count new candidates."""
        self._candidates.inc(n)

    def count_failures(self, provider: str, n: int) -> None:
        """Count alerts that a provider failed on."""
        self._failures.labels(provider=provider).inc(n)

    def observe(self, stage: str, seconds: float, provider: str = "") -> None:
        """Tell how long a stage took for one batch."""
        self._stages.labels(stage=stage, provider=provider).observe(seconds)

    def batch_done(self, seconds: float) -> None:
        """Tell that a batch went through."""
        self._batches.observe(seconds)
        self._last.set_to_current_time()
        self._last_batch = time.monotonic()

    def set_model(self, survey: str, population: str, revision: str) -> None:
        """Tell which model ranks; the one before is no longer told."""
        before = self._revisions.get((survey, population))
        if before == revision:
            return
        if before is not None:
            self._model.remove(survey, population, before)
        self._revisions[survey, population] = revision
        self._model.labels(survey=survey, population=population, revision=revision).set(1)

    def set_drift(
        self, survey: str, population: str, figures: Mapping[str, Any], alarm: bool
    ) -> None:
        """Tell how far the newest night is from the reference; only plain numbers are told."""
        for name, value in figures.items():
            if isinstance(value, int | float):
                self._drift.labels(survey=survey, population=population, figure=name).set(value)
        self._drift_alarm.labels(survey=survey, population=population).set(alarm)

    def exposition(self) -> tuple[bytes, str]:
        """Return all numbers as text, and its content type."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def seconds_since_last_batch(self) -> float | None:
        """Return how long ago a batch was done; None before the first."""
        return None if self._last_batch is None else time.monotonic() - self._last_batch

    def _known(self, reason: str) -> str:
        if reason not in self._reasons and len(self._reasons) >= MAX_REASONS:
            return "other"
        self._reasons.add(reason)
        return reason


def timed(items: Iterable[_Item], metrics: Metrics, stage: str) -> Iterator[_Item]:
    """Yield items, and tell how long each took to come."""
    iterator = iter(items)
    while True:
        began = time.perf_counter()
        try:
            item = next(iterator)
        except StopIteration:
            return
        metrics.observe(stage, time.perf_counter() - began)
        yield item
