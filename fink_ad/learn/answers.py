"""What a model learns from: the answers that count for it, each with its weight and features."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import structlog
from numpy.typing import NDArray

from fink_ad.config import LearnSettings
from fink_ad.features import FeatureSchema, FeatureTable
from fink_ad.forest import LabelledAlerts
from fink_ad.forest.training import TARGETS
from fink_ad.learn.settle import settle
from fink_ad.learn.whose import Whose
from fink_ad.store import IMPORT_CHANNEL, Decision, KeptIndex, LabelRecord, Store, unpack_features

__all__ = [
    "Teaching",
    "doubtful_channels",
    "doubtful_imports",
    "labelled_alerts",
    "passed_imports",
    "teaching_answers",
]

_log = structlog.get_logger(__name__)

Lookup = Callable[[NDArray[np.int64]], tuple[NDArray[np.int64], NDArray[np.float64]]]
"""From alert ids to those that are found, sorted, and their features."""


@dataclass(frozen=True)
class Teaching:
    """One answer that teaches, and how much.

    Attributes
    ----------
    label : LabelRecord
    confidence : float
        Above 0 and at most 1.
    """

    label: LabelRecord
    confidence: float


def teaching_answers(
    store: Store,
    settings: LearnSettings,
    whose: Whose,
    imports: Collection[str] | None = None,
) -> tuple[Teaching, ...]:
    """Return the answers that teach a model, one per object, by label id.

    - The shared model learns what `settle` makes of everybody's latest answers.
    - A personal model learns the reviewer's own latest answers, and what `settle` makes of the
      others' answers about other objects, times ``shared_weight``. An object of which the
      reviewer is unsure is left to the reviewer.

    An answer weighs 1; ``bogus`` weighs ``bogus_weight``, an imported answer that is not
    trusted ``import_weight``, and weights multiply.

    Parameters
    ----------
    store : Store
    settings : LearnSettings
        The weights.
    whose : Whose
    imports : collection of str, optional
        Imports whose answers count, besides those that are trusted: by default `passed_imports`.
        A contender that is yet to be judged learns from all `doubtful_imports`, and none judge.
    """
    untrusted = _untrusted(store)
    passed = passed_imports(store, whose) if imports is None else imports
    without = doubtful_channels(store, passed)
    labels = store.latest_labels(whose.survey, whose.population, without=without)
    if whose.reviewer_id is None:
        weighed = [(label, 1.0) for label in settle(labels)]
    else:
        own = [label for label in labels if label.reviewer_id == whose.reviewer_id]
        known = {label.object_id for label in own}
        others = settle([label for label in labels if label.object_id not in known])
        weighed = [(label, 1.0) for label in own if label.answer in TARGETS]
        weighed += [(label, settings.shared_weight) for label in others]
    teaching = []
    for label, weight in weighed:
        weight *= settings.bogus_weight if label.answer == "bogus" else 1.0
        weight *= settings.import_weight if _import_of(label) in untrusted else 1.0
        teaching.append(Teaching(label, weight))
    return tuple(sorted(teaching, key=lambda one: one.label.id))


def doubtful_channels(store: Store, passed: Collection[str] = ()) -> tuple[str, ...]:
    """Return the channels of the imports that are not trusted, but for those that passed.

    They are to be left out before the latest answers are found: an import in a reviewer's name
    must not hide what the reviewer said before.
    """
    return tuple(IMPORT_CHANNEL + name for name in sorted(_untrusted(store).difference(passed)))


def doubtful_imports(store: Store) -> frozenset[str]:
    """Return the imports that nobody trusts or distrusts yet: a contender may learn from them."""
    return frozenset(
        one.name
        for one in store.label_imports()
        if one.trusted_at is None and one.distrusted_at is None
    )


def passed_imports(store: Store, whose: Whose) -> frozenset[str]:
    """Return which untrusted imports teach nevertheless: those a promoted model was judged with.

    A contender is trained with all imports there are, and the decision about it names them.
    While it is in force they have proved to do no harm; when it is taken back, they have not.
    An import that an operator distrusts teaches nothing whatever it proved, and one that has
    grown since it was judged waits to be judged again.
    """
    promoted: list[Decision] = []
    for one in store.decisions(whose.survey, whose.population):
        if one.reviewer_id is None and one.verdict == "promoted":
            promoted.append(one)
        elif one.reviewer_id is None and one.verdict == "rolled back":
            promoted = promoted[:-1]
    passed = frozenset(promoted[-1].figures.get("imports", ())) if promoted else frozenset()
    if not passed:
        return frozenset()
    judged_until = promoted[-1].figures.get("imports_until", 0)
    grown = store.imports_since(whose.survey, whose.population, judged_until)
    distrusted = {one.name for one in store.label_imports() if one.distrusted_at is not None}
    return passed - grown - distrusted


def labelled_alerts(
    store: Store,
    whose: Whose,
    teaching: Sequence[Teaching],
    schema: FeatureSchema,
    kept: KeptIndex | None = None,
    computed: Lookup | None = None,
) -> LabelledAlerts | None:
    """Return the answered alerts with features of a schema; None if there are none.

    The features are those of the kept alert as it is now, which a full retraining computes
    anew; where these are of another schema, those recorded with the answer. An answer that has
    neither waits.

    Parameters
    ----------
    kept : KeptIndex, optional
        The kept alerts of the survey and population, if at hand.
    computed : callable, optional
        Gives features of kept alerts instead of the store, which does not have them yet.
    """
    if not teaching:
        return None
    answered = [one.label.alert_id for one in teaching]
    # Labelled alerts are kept for good; one that is not there was kept after the index was read.
    if kept is None or not np.isin(answered, kept.alert_id).all():
        kept = store.kept_index(whose.survey, whose.population)
    wanted = np.array(answered, np.int64)
    if computed is None:
        ids, features = store.kept_features(
            whose.survey, whose.population, schema.hash, np.unique(wanted)
        )
    else:
        ids, features = computed(np.unique(wanted))
    values = np.full((len(teaching), len(schema.names)), np.nan)
    usable = np.isin(wanted, ids)
    if usable.any():
        values[usable] = features[np.searchsorted(ids, wanted[usable])]
    recorded = [
        row
        for row in np.flatnonzero(~usable).tolist()
        if teaching[row].label.feature_schema == schema.hash
    ]
    if recorded:
        labels = [teaching[row].label.id for row in recorded]
        values[recorded] = unpack_features(store.label_features(labels))
        usable[recorded] = True
    if not usable.all():
        _log.warning("labels_of_other_features", n_labels=int((~usable).sum()))
    rows = np.flatnonzero(usable).tolist()
    if not rows:
        return None
    used = [teaching[row].label for row in rows]
    alert_ids = np.array([label.alert_id for label in used], np.int64)
    names = {one.id: one.name for one in store.reviewers()}
    return LabelledAlerts.of(
        FeatureTable(schema, values[rows]),
        alert_ids=alert_ids,
        object_ids=[label.object_id for label in used],
        answers=[label.answer for label in used],
        confidence=[teaching[row].confidence for row in rows],
        n_det=kept.n_det[np.searchsorted(kept.alert_id, alert_ids)],
        reviewers=[names[label.reviewer_id] for label in used],
    )


def _untrusted(store: Store) -> frozenset[str]:
    return frozenset(one.name for one in store.label_imports() if one.trusted_at is None)


def _import_of(label: LabelRecord) -> str:
    """Return the import an answer came with; empty if it was given here."""
    given_here = not label.channel.startswith(IMPORT_CHANNEL)
    return "" if given_here else label.channel.removeprefix(IMPORT_CHANNEL)
