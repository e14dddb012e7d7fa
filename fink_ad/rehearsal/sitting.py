"""Sit down as a reviewer: the queue gives a candidate, the answer is stored, the ranking learns."""

from __future__ import annotations

from dataclasses import dataclass

from fink_ad.config import Settings
from fink_ad.errors import ModelError
from fink_ad.forest import Model
from fink_ad.learn import Cache, Whose, relearn_and_publish
from fink_ad.rehearsal.oracle import Oracle
from fink_ad.rehearsal.season import POPULATION, Season
from fink_ad.review.labels import record
from fink_ad.review.queue import Queue
from fink_ad.store import ReviewerRecord, Showing, Store
from fink_ad.store.records import Answer

__all__ = ["Shown", "Sitting"]

_CHANNEL = "rehearsal"


@dataclass(frozen=True)
class Shown:
    """One object that was shown, what it is, and what was answered.

    Attributes
    ----------
    draw : str
        Why the queue drew it: ``top``, ``novel``, ``random``, ``repeat``, ``gold``, ``returned``.
    first : bool
        Whether it was shown for the first time in the season.
    """

    object_id: str
    alert_id: int
    kind: str
    planted: bool
    answer: Answer
    draw: str
    first: bool


class Sitting:
    """The doors a reviewer goes through, with the learner in the same process.

    Parameters
    ----------
    store : Store
    settings : Settings
    season : Season
        What is shown is looked up in its truth.
    learning : bool
        False leaves the models in force as they are, for comparison.
    """

    def __init__(
        self, store: Store, settings: Settings, season: Season, *, learning: bool = True
    ) -> None:
        # A learner that uses no answers ranks with the model in force, whoever trained it.
        static = settings.forest.model_copy(update={"learner": "static", "parameters": {}})
        self._settings = settings if learning else settings.model_copy(update={"forest": static})
        self._learning = learning
        self._store = store
        self._season = season
        self._queue = Queue(store, self._settings)
        self._cache = Cache(store, settings.models_dir)
        self._everybodys = Whose(season.survey, POPULATION)
        self._shown: set[str] = set()

    def model(self, reviewer: ReviewerRecord | None = None) -> Model:
        """Return the model in force: a reviewer's own, by default everybody's.

        Raises
        ------
        ModelError
            If there is none, or it cannot be read.
        """
        whose = self._whose(reviewer)
        active = self._store.active_model(*whose)
        if active is None:
            raise ModelError(
                f"no {whose.survey} {whose.population} model yet: there were no such alerts to "
                "grow one on"
            )
        return self._cache.model(whose, active.revision.id)

    def alerts_came(self) -> None:
        """Rank what was kept since, for everybody and for those with a model of their own."""
        self._cache.kept(self._everybodys).refresh()
        self._publish()

    def answer(
        self, reviewer: ReviewerRecord, oracle: Oracle, n: int, learn_every: int = 1
    ) -> list[Shown]:
        """Answer about `n` candidates, fewer if there are no more; the ranking learns on the way.

        Parameters
        ----------
        oracle : Oracle
            What the reviewer thinks.
        learn_every : int
            Answers between two orders: candidates are drawn this many at a time.

        Raises
        ------
        FinkAdError
            If an answer cannot be stored or learned from.
        """
        answered: list[Shown] = []
        while len(answered) < n:
            drawn = self._queue.next(
                reviewer,
                self._season.survey,
                POPULATION,
                min(learn_every, n - len(answered)),
                _CHANNEL,
            )
            if not drawn:
                break
            answered += [self._say(showing, oracle) for showing in drawn]
            if self._learning:
                self._publish()
        return answered

    def _say(self, showing: Showing, oracle: Oracle) -> Shown:
        answer = oracle.answer(showing.object_id)
        record(self._store, showing, answer)
        first = showing.object_id not in self._shown
        self._shown.add(showing.object_id)
        return Shown(
            showing.object_id,
            showing.alert_id,
            self._season.kinds[showing.object_id],
            showing.object_id in self._season.planted,
            answer,
            showing.draw,
            first,
        )

    def _publish(self) -> None:
        own = [self._whose(one) for one in self._store.reviewers() if one.active and one.personal]
        for whose in (self._everybodys, *own):
            relearn_and_publish(self._store, self._settings, whose, self._cache)

    def _whose(self, reviewer: ReviewerRecord | None) -> Whose:
        return self._everybodys._replace(reviewer_id=None if reviewer is None else reviewer.id)
