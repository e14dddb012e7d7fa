"""Put a contender and the model in force before the gate, on the same answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.config import Settings
from fink_ad.features import FeatureTable
from fink_ad.forest import LabelledAlerts, Model
from fink_ad.forest.gate import Answered, Claims, judge
from fink_ad.forest.refitting import refitting
from fink_ad.forest.training import TARGETS
from fink_ad.learn.answers import Lookup, Teaching, labelled_alerts, teaching_answers
from fink_ad.learn.whose import Whose
from fink_ad.retrain.train import Contender
from fink_ad.store import IMPORT_CHANNEL, NewDecision, Store, Verdict

__all__ = ["Judgement", "judge_contender"]

_AGE = "context.age"
"""Column of the time since the first detection, if its provider is installed."""

_ByObject = dict[str, Teaching]


@dataclass(frozen=True)
class Judgement:
    """What the gate says: verdict, why in words, and the figures it rests on (JSON-able)."""

    verdict: Verdict
    reason: str
    figures: dict[str, Any]

    def decision(
        self, contender: Model, incumbent: str | None, verdict: Verdict, by: str
    ) -> NewDecision:
        """Return what is noted if `by` decides so, which may differ from what the gate says."""
        return NewDecision(
            contender=contender.revision,
            incumbent=incumbent,
            survey=contender.survey,
            population=contender.population,
            verdict=verdict,
            by=by,
            figures={"gate": self.verdict, **self.figures, "reason": self.reason},
        )


def judge_contender(
    store: Store, settings: Settings, contender: Contender, incumbent: Model
) -> Judgement:
    """Refit and judge both on the answers that can be trusted.

    Each has its own view of the answers, as it has when it serves: the contender learns from
    all imports, the incumbent from those that passed. Where an import contradicts an answer
    given here, the answer given here is what both are judged by. Objects without features of
    either schema are left out.

    Raises
    ------
    ModelError
        If one of them cannot learn or score.
    """
    whose = Whose(incumbent.survey, incumbent.population)
    trusted = _by_object(teaching_answers(store, settings.learn, whose, imports=()))
    passed = _by_object(teaching_answers(store, settings.learn, whose))
    everything = _by_object(contender.teaching)
    known = {**everything, **passed, **trusted}
    of_contender = _labelled(
        store, whose, {**known, **everything}, contender.model, contender.kept.lookup
    )
    of_incumbent = _labelled(store, whose, {**known, **passed}, incumbent)
    names = np.intersect1d(of_contender.object_ids, of_incumbent.object_ids)
    told = [known[name].label for name in names.tolist()]
    rows = _rows_of(of_contender, names)
    answered = Answered(
        object_ids=names,
        answers=np.array([label.answer for label in told], np.str_),
        answered_at=np.array([label.answered_at.timestamp() for label in told], np.float64),
        n_det=_n_det(of_contender)[rows],
        trusted=np.isin(names, list(trusted)),
        age_days=_age(of_contender, rows),
    )
    options = settings.retrain
    verdict = judge(
        refitting(contender.model, of_contender, answered, np.isin(names, [*everything])),
        refitting(incumbent, of_incumbent, answered, np.isin(names, [*passed])),
        answered,
        margin=options.margin,
        min_answers=options.min_answers,
        n_folds=options.folds,
        n_bootstrap=options.bootstrap,
        claims=_claims(contender, names),
    )
    return Judgement(
        verdict.verdict,
        "; ".join(verdict.reasons) or "it ranks held-back answers as well as the model in force",
        {
            **verdict.figures,
            "imports": list(contender.imports),
            "imports_until": contender.label_position,
        },
    )


def _claims(contender: Contender, names: NDArray[np.str_]) -> Claims:
    """Return what the contender's doubtful imports say of objects, which are sorted by name."""
    claims = [
        (label.object_id, TARGETS[label.answer] > 0.0, label.channel.removeprefix(IMPORT_CHANNEL))
        for label in contender.claims
        if label.answer in TARGETS
    ]
    objects = np.array([one for one, _, _ in claims], np.str_)
    there = np.isin(objects, names)
    return Claims(
        np.searchsorted(names, objects[there]),
        np.array([anomaly for _, anomaly, _ in claims], np.bool_)[there],
        np.array([name for *_, name in claims], np.str_)[there],
    )


def _by_object(teaching: tuple[Teaching, ...]) -> _ByObject:
    return {one.label.object_id: one for one in teaching}


def _labelled(
    store: Store, whose: Whose, view: _ByObject, model: Model, computed: Lookup | None = None
) -> LabelledAlerts:
    found = labelled_alerts(store, whose, [*view.values()], model.schema, computed=computed)
    if found is not None:
        return found
    table = FeatureTable(model.schema, model.reference.values[:0])
    return LabelledAlerts.of(table, [], [], [], [], [])


def _rows_of(labelled: LabelledAlerts, names: NDArray[np.str_]) -> NDArray[np.int64]:
    """Return the row of each of some objects, all of which are there."""
    order = np.argsort(labelled.object_ids, kind="stable")
    rows: NDArray[np.int64] = order[np.searchsorted(labelled.object_ids[order], names)]
    return rows


def _n_det(labelled: LabelledAlerts) -> NDArray[np.int64]:
    return np.zeros(len(labelled), np.int64) if labelled.n_det is None else labelled.n_det


def _age(labelled: LabelledAlerts, rows: NDArray[np.int64]) -> NDArray[np.float64] | None:
    if _AGE not in labelled.table.schema.names:
        return None
    age: NDArray[np.float64] = labelled.table.select([_AGE])[rows, 0]
    return age
