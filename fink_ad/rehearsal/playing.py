"""Play nights one after another: run, answer what the queue gives, relearn, retrain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fink_ad.alerts.avro import Limits
from fink_ad.config import Settings
from fink_ad.pipeline import run
from fink_ad.rehearsal.oracle import ARTEFACTS, Oracle
from fink_ad.rehearsal.ranking import rank_night
from fink_ad.rehearsal.season import POPULATION, Season
from fink_ad.rehearsal.sitting import Shown, Sitting
from fink_ad.retrain import Outcome, retrain
from fink_ad.sources.files import FilesSource
from fink_ad.store import Store

__all__ = ["N_AHEAD", "NightReport", "play"]

N_AHEAD = 30
"""How many of a night's strangest objects a report names."""

_REVIEWER = "oracle"


@dataclass(frozen=True)
class NightReport:
    """What a night brought.

    Attributes
    ----------
    n_alerts, n_candidates : int
        Alerts that came in, and candidates among them.
    shown : tuple of Shown
        In the order they were drawn.
    appeared : mapping of str to int
        Planted objects that were there to be found up to this night, by class.
    model_revision : str
        What the night was ranked with before the first of its answers.
    ahead : tuple of (str, bool)
        Class of the `N_AHEAD` strangest objects of the night that were not answered before it,
        by that model, and whether each is planted.
    retrained : Outcome or None
        What became of the retraining after the night, if there was one.
    """

    night: int
    n_alerts: int
    n_candidates: int
    shown: Sequence[Shown]
    appeared: Mapping[str, int]
    model_revision: str
    ahead: Sequence[tuple[str, bool]]
    retrained: Outcome | None = None

    @property
    def n_appeared(self) -> int:
        """Planted objects that were there to be found up to this night."""
        return sum(self.appeared.values())

    def found(self) -> dict[str, int]:
        """Count the planted objects that were shown for the first time, by class."""
        found = Counter(one.kind for one in self.shown if one.planted and one.first)
        return dict(sorted(found.items()))

    def precision(self, n: int) -> float:
        """Return the share of planted objects among the first `n` of the night, at most 30.

        Those that were answered before do not count: they would be found again.
        """
        return sum(planted for _, planted in self.ahead[:n]) / n

    def artefact_share(self, n: int = N_AHEAD) -> float:
        """Return the share of artefacts among the first `n` of the night."""
        return sum(kind in ARTEFACTS for kind, _ in self.ahead[:n]) / n

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form; alert ids are strings there."""
        shown = [asdict(one) | {"alert_id": str(one.alert_id)} for one in self.shown]
        return asdict(self) | {"shown": shown, "found": self.found()}


def play(
    season: Season,
    oracle: Oracle,
    settings: Settings,
    per_night: int = 10,
    *,
    learning: bool = True,
    learn_every: int = 1,
    retraining: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[NightReport]:
    """Play a season in the home folder of the settings; yields a report after each night.

    The reviewer goes through the same doors as a person: candidates come from the queue, as
    it mixes them, and each answer makes a new order of the kept alerts.

    Parameters
    ----------
    per_night : int
        How many candidates are answered a night.
    learning : bool
        False leaves the first model in force all season, for comparison.
    learn_every : int
        Answers between two orders.
    retraining : bool
        Make a new model after each night, and let it in if it passes the gate.
    should_stop : callable
        Asked between batches; when true, the season ends without a report of that night.

    Raises
    ------
    FinkAdError
        If a night cannot be run, answered or learned from.
    """
    appeared: set[str] = set()
    answered: set[str] = set()
    with Store.open(settings.home) as store:
        reviewer = store.add_reviewer(_REVIEWER)
        sitting = Sitting(store, settings, season, learning=learning)
        for night, path in season.nights.items():
            source = FilesSource(
                [path],
                batch_size=settings.batch_size,
                limits=Limits(**settings.limits.model_dump()),
            )
            summary = run(source, store, settings, should_stop=should_stop)
            if summary.interrupted:
                return
            sitting.alerts_came()
            model = sitting.model()
            ranking = rank_night(store, model, night)
            appeared |= set(ranking.ranks(season.planted))
            ahead = ranking.without(answered).object_ids[:N_AHEAD].tolist()
            shown = sitting.answer(reviewer, oracle, per_night, learn_every)
            answered |= {one.object_id for one in shown}
            outcome = retrain(store, settings, season.survey, POPULATION) if retraining else None
            yield NightReport(
                night,
                summary.n_in,
                summary.n_candidates,
                tuple(shown),
                dict(sorted(Counter(season.kinds[one] for one in appeared).items())),
                model.revision,
                tuple((season.kinds[one], one in season.planted) for one in ahead),
                outcome,
            )
