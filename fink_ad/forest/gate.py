"""The gate: a new model goes live if it ranks answers it has not seen as well as the old one.

The figures of two models that learned from the answers they are judged by mean nothing. So both
recipes, each with its own trees, are refitted on the same answers and judged by the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fink_ad.forest.counts_and_age import counts_and_age
from fink_ad.forest.held_back import (
    N_TOP,
    Answered,
    Contestant,
    as_measured,
    deal_folds,
    differences,
    held_back,
    measure,
    resamples,
)
from fink_ad.forest.ranking_metrics import area_under_curve

__all__ = ["MIN_ANSWERS_WITH_IMPORTS", "Answered", "Contestant", "Verdict", "VerdictWord", "judge"]

VerdictWord = Literal["promoted", "not promoted", "not enough evidence"]

MIN_ANSWERS_WITH_IMPORTS = 100
"""Trusted answers without which no contender is judged that learned from doubtful imports."""

_MIN_ANOMALIES = 5
_LATEST = 0.3  # share of the answers, the latest, that the time split judges by
_ARTEFACT_RISE = 0.1
_IMPORT_GAP = 0.05  # how much less imports may agree with the answers than answers do
_MUST_NOT_FALL = {
    "average_precision": "average precision",
    "precision_30": f"precision among the first {N_TOP}",
}


@dataclass(frozen=True)
class Verdict:
    """What the gate says.

    Attributes
    ----------
    verdict : {"promoted", "not promoted", "not enough evidence"}
    reasons : tuple of str
        What speaks against, in words; empty if promoted.
    figures : dict
        What it rests on, JSON-able.
    """

    verdict: VerdictWord
    reasons: tuple[str, ...]
    figures: dict[str, Any]


def judge(
    contender: Contestant,
    incumbent: Contestant,
    answered: Answered,
    *,
    margin: float = 0.02,
    min_answers: int = 50,
    n_folds: int = 5,
    n_bootstrap: int = 1000,
    seed: int = 0,
    with_imports: bool = False,
) -> Verdict:
    """Judge a contender beside the model in force.

    The objects with trusted answers are split into folds; each fold is scored by refits on the
    other folds (and on imports that are not trusted yet, which are in no fold). The resulting
    ranking of all of them is resampled over objects, and differences are taken within a
    resample. With at least `min_answers` answers and 5 anomalies among them the contender is
    promoted unless

    1. its average precision, or its precision among the first 30, is below the incumbent's by
       more than `margin` in nine of ten resamples (equal models differ by that much on a
       hundred answers; were proof asked for that it is not worse, no refresh would pass);
    2. its average precision is not above that of a ranking that sees number of detections and
       age only, learned from the same answers;
    3. artefacts among its first 30 are more by over a tenth;
    4. refitted on the earlier 70 % it ranks the latest 30 % worse, in the sense of 1;
    5. it learned from imports nobody vouched for, and these did not prove harmless. There proof
       is asked for: in nine of ten resamples the average precision is not lower by more than
       `margin`; and refits on trusted answers foretell the imported ones as well as trusted
       ones, with an area under the curve lower by no more than 0.05. This takes more answers:
       among 60, one or two of ten files with every third answer wrong pass, so that with fewer
       than `MIN_ANSWERS_WITH_IMPORTS` there is no verdict.

    Parameters
    ----------
    contender, incumbent : callable
        Refit and score; see `Contestant` and `fink_ad.forest.refitting.refitting`.
    answered : Answered
    margin : float
        Difference in precision that does not matter.
    min_answers : int
        With fewer trusted answers there is no verdict.
    n_folds, n_bootstrap : int
        Folds, and resamples of the objects.
    seed : int
        For folds and resamples.
    with_imports : bool
        Whether the contender learned from imports nobody vouched for, though `answered` may
        show none: they may all be about objects with trusted answers.

    Raises
    ------
    ModelError
        If a contestant cannot learn or score.
    """
    judged = np.flatnonzero(answered.trusted)
    imported = np.flatnonzero(~answered.trusted)
    hit = answered.is_anomaly[judged]
    figures: dict[str, Any] = {
        "n_answers": len(judged),
        "n_anomalies": int(hit.sum()),
        "n_bogus": int(answered.is_bogus[judged].sum()),
        "n_imported": len(imported),
        "margin": margin,
    }
    few = _too_few(len(judged), int(hit.sum()), min_answers)
    if not few and (with_imports or len(imported)) and len(judged) < MIN_ANSWERS_WITH_IMPORTS:
        few = (
            f"{len(judged)} trusted answers, at least {MIN_ANSWERS_WITH_IMPORTS} are needed to "
            "judge imports that nobody vouched for: trust them, or leave them out"
        )
    if few:
        return Verdict("not enough evidence", (few,), figures)
    random = np.random.default_rng(seed)
    folds = deal_folds(hit, n_folds, random)
    baseline = counts_and_age(answered.n_det, answered.age_days, answered.is_anomaly)
    scores = {
        "contender": held_back(contender, judged, folds, imported),
        "incumbent": held_back(incumbent, judged, folds, imported),
        "baseline": held_back(baseline, judged, folds, imported[:0]),
    }
    weights = resamples(hit, n_bootstrap, random)
    measured = {
        name: measure(of_rows, answered, judged, weights) for name, of_rows in scores.items()
    }
    figures["held_back"] = {name: as_measured(found) for name, found in measured.items()}
    figures["difference"] = differences(measured)
    reasons = _worse(figures["difference"], margin, "held-back")
    reasons += _against_baseline_and_artefacts(figures["held_back"])
    later = _judged_later(contender, incumbent, answered, n_bootstrap, random)
    figures["latest"] = later
    reasons += _worse(later.get("difference", {}), margin, "the latest")
    if len(imported):
        figures["imports"] = _agreement(contender, answered, folds)
        lower = figures["difference"]["average_precision"]["lower_90"]
        reasons += _imports_doubtful(figures["imports"], lower, margin)
    return Verdict("not promoted" if reasons else "promoted", tuple(reasons), figures)


def _too_few(n_answers: int, n_anomalies: int, min_answers: int) -> str:
    if n_answers < min_answers:
        return f"{n_answers} trusted answers, at least {min_answers} are needed"
    if n_anomalies < _MIN_ANOMALIES:
        return f"{n_anomalies} anomalies among the answers, at least {_MIN_ANOMALIES} are needed"
    if n_answers - n_anomalies < _MIN_ANOMALIES:
        return f"only {n_answers - n_anomalies} of {n_answers} answers are no anomalies"
    return ""


def _worse(difference: dict[str, dict[str, float | None]], margin: float, which: str) -> list[str]:
    reasons = []
    for key, words in _MUST_NOT_FALL.items():
        found = difference.get(key, {})
        measured, upper = found.get("measured"), found.get("upper_90")
        if measured is not None and upper is not None and upper < -margin:
            reasons.append(f"{words} of {which} answers is {-measured:.3f} below the incumbent's")
    return reasons


def _against_baseline_and_artefacts(
    figures: dict[str, dict[str, float | None]],
) -> list[str]:
    reasons = []
    key = "average_precision"
    ours, blind = figures["contender"][key], figures["baseline"][key]
    if ours is not None and blind is not None and ours <= blind:
        reasons.append(
            f"average precision {ours:.3f} is not above the {blind:.3f} of a ranking that sees "
            "number of detections and age only"
        )
    artefacts = figures["contender"]["artefact_share"]
    usual = figures["incumbent"]["artefact_share"]
    if artefacts is not None and usual is not None and artefacts > usual + _ARTEFACT_RISE:
        reasons.append(f"{artefacts:.0%} of the first {N_TOP} are artefacts, {usual:.0%} were")
    return reasons


def _judged_later(
    contender: Contestant,
    incumbent: Contestant,
    answered: Answered,
    n_bootstrap: int,
    random: np.random.Generator,
) -> dict[str, Any]:
    """Judge by the latest answers what the earlier ones taught; empty where that cannot be."""
    trusted = np.flatnonzero(answered.trusted)
    by_time = trusted[np.argsort(answered.answered_at[trusted], kind="stable")]
    split = len(by_time) - int(_LATEST * len(by_time))
    earlier, later = by_time[:split], by_time[split:]
    hit = answered.is_anomaly[later]
    if min(hit.sum(), (~hit).sum()) < _MIN_ANOMALIES:
        return {"n_answers": len(later), "n_anomalies": int(hit.sum())}
    learn_from = np.concatenate([earlier, np.flatnonzero(~answered.trusted)])
    weights = resamples(hit, n_bootstrap, random)
    contestants = {"contender": contender, "incumbent": incumbent}
    measured = {
        name: measure(contestant(learn_from, later), answered, later, weights)
        for name, contestant in contestants.items()
    }
    return {
        "n_answers": len(later),
        "n_anomalies": int(hit.sum()),
        **{name: as_measured(found) for name, found in measured.items()},
        "difference": differences(measured),
    }


def _agreement(
    contender: Contestant, answered: Answered, folds: NDArray[np.int64]
) -> dict[str, float | None]:
    """Return how well refits without imports foretell trusted and imported answers."""
    judged, imported = np.flatnonzero(answered.trusted), np.flatnonzero(~answered.trusted)
    hit = answered.is_anomaly
    among = area_under_curve(held_back(contender, judged, folds, imported[:0]), hit[judged])
    of_imports = None
    if min(hit[imported].sum(), (~hit[imported]).sum()) >= _MIN_ANOMALIES:
        of_imports = area_under_curve(contender(judged, imported), hit[imported])
    return {"trusted": among, "imported": of_imports}


def _imports_doubtful(
    agreement: dict[str, float | None], lower: float | None, margin: float
) -> list[str]:
    reasons = []
    among, of_imports = agreement["trusted"], agreement["imported"]
    if among is not None and of_imports is not None and of_imports < among - _IMPORT_GAP:
        reasons.append(
            f"imported answers agree with what trusted ones teach by {of_imports:.2f} (area under "
            f"the curve), trusted ones by {among:.2f}: look at the imports"
        )
    if lower is not None and lower < -margin:
        reasons.append(
            f"with imports that nobody vouched for, average precision may be lower by "
            f"{-lower:.3f}: trust them, or leave them out"
        )
    return reasons
