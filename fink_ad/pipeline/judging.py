"""Ask a filter about a batch; where it fails, it costs the alerts it fails on its verdict only."""

from __future__ import annotations

import numpy as np
import structlog
from numpy.typing import NDArray

from fink_ad.alerts import POPULATIONS, AlertBatch
from fink_ad.errors import ProviderError
from fink_ad.features import Context, FeatureTable
from fink_ad.filters import DROP, KEEP, PROMOTE, FilterProvider, Verdicts

__all__ = ["judge"]

_log = structlog.get_logger(__name__)


def judge(
    provider: FilterProvider,
    batch: AlertBatch,
    features: FeatureTable | None,
    scores: NDArray[np.float64] | None,
    context: Context,
) -> tuple[Verdicts, int]:
    """Ask a filter; where it fails, ask ever smaller parts and keep the alerts it fails on.

    Returns
    -------
    verdicts : Verdicts
        One per alert, checked; a drop or a promotion without a reason bears the filter's name.
    n_failed : int
        On how many alerts the filter failed.
    """
    if len(batch) == 0:
        return Verdicts.keep_all(0), 0
    judging = _Judging(provider, batch, features, scores, context)
    missing = [name for name in provider.requires if name not in context.tables]
    if missing:
        judging.error = ProviderError(f"the context has no table {missing[0]!r}")
        verdicts, n_failed = Verdicts.keep_all(len(batch)), len(batch)
    else:
        verdicts, n_failed = judging.ask(0, len(batch))
    if n_failed:
        _log.warning(
            "filter_failed",
            provider=provider.name,
            version=provider.version,
            n_alerts=len(batch),
            n_failed=n_failed,
            error=f"{type(judging.error).__name__}: {judging.error}",
        )
    return verdicts, n_failed


class _Judging:
    """One filter on one batch."""

    def __init__(
        self,
        provider: FilterProvider,
        batch: AlertBatch,
        features: FeatureTable | None,
        scores: NDArray[np.float64] | None,
        context: Context,
    ) -> None:
        self.provider = provider
        self.batch = batch
        self.features = features
        self.scores = scores
        self.context = context
        self.error: Exception | None = None

    def ask(self, start: int, stop: int) -> tuple[Verdicts, int]:
        """Judge rows `start` to `stop`, halving them until only the bad ones are left out."""
        try:
            return self._verdicts(start, stop), 0
        except Exception as error:  # a plug-in may raise anything; the stream goes on
            self.error = error
            if stop - start == 1:
                return Verdicts.keep_all(1), 1
        middle = (start + stop) // 2
        (before, n_before), (after, n_after) = self.ask(start, middle), self.ask(middle, stop)
        routed = self.batch.codes("population")[start:stop]
        return _joined(before, after, routed), n_before + n_after

    def _verdicts(self, start: int, stop: int) -> Verdicts:
        rows = np.arange(start, stop)
        whole = len(rows) == len(self.batch)
        features = self.features
        if features is not None and not whole:
            features = FeatureTable(features.schema, features.values[rows])
        verdicts = self.provider.judge(
            self.batch if whole else self.batch.take(rows),
            features,
            None if self.scores is None else self.scores[rows],
            self.context,
        )
        return _checked(verdicts, len(rows), self.provider.name)


def _checked(verdicts: Verdicts, n_alerts: int, name: str) -> Verdicts:
    """Return verdicts of the promised shapes, types and codes."""
    found = {"verdict": verdicts.verdict, "reason": verdicts.reason}
    found |= {f"tag {tag!r}": mask for tag, mask in verdicts.tags.items()}
    found |= {f"number {number!r}": values for number, values in verdicts.numbers.items()}
    if verdicts.population is not None:
        found["population"] = verdicts.population
    for what, array in found.items():
        if np.shape(array) != (n_alerts,):
            raise ProviderError(f"{what} has shape {np.shape(array)} for {n_alerts} alerts")
    verdict = np.asarray(verdicts.verdict)
    if not np.isin(verdict, (KEEP, DROP, PROMOTE)).all():
        raise ProviderError(f"a verdict is none of keep {KEEP}, drop {DROP}, promote {PROMOTE}")
    population = verdicts.population
    if population is not None and not np.isin(population, range(len(POPULATIONS))).all():
        raise ProviderError(f"a population is no code into {', '.join(POPULATIONS)}")
    reason = np.full(n_alerts, "", object)
    decided = np.flatnonzero(verdict != KEEP)
    for row in decided.tolist():
        reason[row] = str(verdicts.reason[row] or name)
    return Verdicts(
        verdict=verdict.astype(np.int8),
        reason=reason,
        tags={tag: np.array(mask, np.bool_) for tag, mask in verdicts.tags.items()},
        numbers={what: np.array(values, np.float64) for what, values in verdicts.numbers.items()},
        population=None if population is None else np.array(population, np.int8),
    )


def _joined(before: Verdicts, after: Verdicts, routed: NDArray[np.int8]) -> Verdicts:
    """Put verdicts on consecutive rows together; a part that lacks a tag says no to it."""
    n_before, n_after = len(before.verdict), len(after.verdict)
    tags = {
        tag: np.concatenate(
            (
                before.tags.get(tag, np.zeros(n_before, np.bool_)),
                after.tags.get(tag, np.zeros(n_after, np.bool_)),
            )
        )
        for tag in sorted({*before.tags, *after.tags})
    }
    numbers = {
        what: np.concatenate(
            (
                before.numbers.get(what, np.full(n_before, np.nan)),
                after.numbers.get(what, np.full(n_after, np.nan)),
            )
        )
        for what in sorted({*before.numbers, *after.numbers})
    }
    population = None
    if before.population is not None or after.population is not None:
        population = routed.copy()
        if before.population is not None:
            population[:n_before] = before.population
        if after.population is not None:
            population[n_before:] = after.population
    return Verdicts(
        np.concatenate((before.verdict, after.verdict)),
        np.concatenate((before.reason, after.reason)),
        tags,
        numbers,
        population,
    )
