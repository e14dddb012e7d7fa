"""One open store with its models and its queue: what all sessions of a screen share."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import Any, Self

import pandas as pd

from fink_ad.config import Settings
from fink_ad.errors import ModelError
from fink_ad.forest import Model
from fink_ad.review.candidate import Candidate
from fink_ad.review.gather import candidate_view
from fink_ad.review.lists import review_lists
from fink_ad.review.model_orders import object_scores
from fink_ad.review.neighbourhood import AnsweredObjects
from fink_ad.review.object_curve import with_points_of
from fink_ad.review.offering import Offering, offering_providers
from fink_ad.review.overlays import Overlays, overlays_of
from fink_ad.review.overview import candidate_table
from fink_ad.review.queue import Queue
from fink_ad.review.science import ScienceView, science_views
from fink_ad.review.standing import StandingAnswers
from fink_ad.store import ReviewerRecord, Showing, Store, unpack_alerts

__all__ = ["Desk"]

_MODELS, _CANDIDATES, _TABLES = 6, 64, 6
_AHEAD = 2  # candidates made ready before they are asked for


class Desk:
    """Everything a screen asks, answered from one store. Safe to share between threads.

    Parameters
    ----------
    settings : Settings

    Raises
    ------
    StoreError
        If the store cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store.open(settings.home, settings.database_url or None)
        self.queue = Queue(self.store, settings)
        self._models = _Cache(_MODELS)
        self._ahead = ThreadPoolExecutor(1, thread_name_prefix="look ahead")
        self._standing = StandingAnswers(self.store)
        self._answered = _Cache(_MODELS)
        self._candidates = _Cache(_CANDIDATES)
        self._tables = _Cache(_TABLES)
        self._overlays = _Cache(_CANDIDATES)

    def model(self, revision: str) -> Model | None:
        """Return a model revision; None if its folder is not there or is damaged."""

        def load() -> Model | None:
            try:
                return Model.load(self.settings.models_dir / revision)
            except ModelError:
                return None

        found: Model | None = self._models.get(revision, load) if revision else None
        return found

    def lists(self) -> tuple[tuple[str, str], ...]:
        """Return survey and population of what can be reviewed, as `review_lists` does."""
        found: tuple[tuple[str, str], ...] = self._tables.get(
            ("lists", self.store.activation_position()), lambda: review_lists(self.store)
        )
        return found

    def candidate(self, showing: Showing) -> Candidate:
        """Return all that is shown of a candidate, neighbours by the answers of this moment.

        Raises
        ------
        ReviewError
            If the alert is no longer kept.
        """

        def gather() -> Candidate:
            return self.look(showing.survey, showing.alert_id, showing=showing)

        found: Candidate = self._candidates.get(showing.id, gather)
        return found

    def look(
        self,
        survey: str,
        alert_id: int,
        *,
        showing: Showing | None = None,
        reviewer_id: int | None = None,
        with_others: bool = False,
    ) -> Candidate:
        """Return all that is known of a kept alert now, by the model it was drawn with.

        Without a showing, the model in force for everybody is asked.

        Raises
        ------
        ReviewError
            If the alert is not kept.
        """
        model = self._model_of(survey, alert_id, showing)
        return candidate_view(
            self.store,
            survey,
            alert_id,
            model=model,
            answered=None if model is None else self._answered_objects(model),
            showing=showing,
            reviewer_id=reviewer_id,
            with_others=with_others,
        )

    def candidates(
        self,
        survey: str,
        population: str,
        reviewer_id: int,
        night: int | None = None,
        revision: str | None = None,
    ) -> pd.DataFrame:
        """Return the table of candidates as `candidate_table` does; do not change it."""
        store = self.store
        key = (survey, population, reviewer_id, night, revision)
        state = (store.label_position(survey, population), store.last_commit())

        def gather() -> pd.DataFrame:
            active = store.active_model(survey, population)
            model = None if active is None else self.model(active.revision.id)
            return candidate_table(
                store,
                survey,
                population,
                reviewer_id=reviewer_id,
                night=night,
                revision=revision,
                model=model,
            )

        found: pd.DataFrame = self._tables.get((*key, *state), gather)
        return found

    def order_of(self, revision: str) -> pd.Series[float] | None:
        """Return how a model revision orders the kept objects, as `object_scores` does.

        None if its folder is not there or is damaged; do not change it.
        """
        model = self.model(revision)
        if model is None:
            return None
        kept = self.store.kept_state(model.survey, model.population)
        found: pd.Series[float] = self._tables.get(
            ("order", revision, kept), lambda: object_scores(self.store, model)
        )
        return found

    def overlays(self, candidate: Candidate) -> Overlays:
        """Return what installed providers lay over the light curve of a candidate's object.

        See `offering_providers` for what it raises.
        """
        alerts = [one.alert_id for one in candidate.object_alerts]

        def gather() -> Overlays:
            alert = candidate.alert
            if set(alerts) - {candidate.alert_id}:
                records = self.store.kept(candidate.survey, alerts)
                alert = with_points_of(alert, unpack_alerts([one.alert for one in records[::-1]]))
            return overlays_of(alert, self._offers)

        key = (candidate.survey, candidate.alert_id, *alerts[-1:])
        found: Overlays = self._overlays.get(key, gather)
        return found

    def look_ahead(
        self, reviewer: ReviewerRecord, survey: str, population: str
    ) -> Future[tuple[int, ...]]:
        """Make ready, in a thread, what takes longest of a reviewer's next two candidates.

        That is the model they were ranked by, and what providers lay over their light curves.

        Returns
        -------
        Future of tuple of int
            The alerts made ready. What goes wrong there goes wrong again when they are shown.
        """
        return self._ahead.submit(self._make_ready, reviewer, survey, population)

    def _make_ready(
        self, reviewer: ReviewerRecord, survey: str, population: str
    ) -> tuple[int, ...]:
        alerts = self.queue.foresee(reviewer, survey, population, _AHEAD)
        for alert_id in alerts:
            self.overlays(self.look(survey, alert_id, reviewer_id=reviewer.id))
        return alerts

    @cached_property
    def _offers(self) -> tuple[Offering, ...]:
        return offering_providers(self.settings)

    @cached_property
    def science(self) -> tuple[ScienceView, ...]:
        """What the installed providers draw of an alert; see `science_views` for what it raises."""
        return science_views(self.settings)

    def close(self) -> None:
        """Close the store."""
        self._ahead.shutdown(cancel_futures=True)
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _model_of(self, survey: str, alert_id: int, showing: Showing | None) -> Model | None:
        if showing is not None:
            return self.model(showing.model_revision)
        kept = next(iter(self.store.kept(survey, [alert_id])), None)
        active = None if kept is None else self.store.active_model(survey, kept.population)
        return None if active is None else self.model(active.revision.id)

    def _answered_objects(self, model: Model) -> AnsweredObjects:
        position = self.store.label_position(model.survey, model.population)
        key = (model.revision, position)

        def gather() -> AnsweredObjects:
            answers = self._standing.everybody(model.survey, model.population)
            return AnsweredObjects.of(self.store, model, answers)

        found: AnsweredObjects = self._answered.get(key, gather)
        return found


class _Cache:
    """The last few things that were made, each once, by whichever thread came first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._made: OrderedDict[Any, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Any, make: Callable[[], Any]) -> Any:
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = make()
        with self._lock:
            self._made[key] = made
            if len(self._made) > self._size:
                self._made.popitem(last=False)
        return made
