"""The gate: a new model goes live if it ranks answers it has not seen as well as the old one.

The figures of two models that learned from the answers they are judged by mean nothing. So both
recipes, each with its own trees, are refitted on the same answers and judged by the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from fink_ad.forest.counts_and_age import counts_and_age
from fink_ad.forest.held_back import (
    Answered,
    Contestant,
    as_measured,
    best_of,
    deal_folds,
    differences,
    held_back,
    measure,
    resamples,
)
from fink_ad.forest.import_agreement import Claims, agreement, disagreements
from fink_ad.forest.objections import (
    far_below,
    more_artefacts,
    not_above_baseline,
    perhaps_harmful,
    worse,
)

__all__ = [
    "MIN_ANSWERS_WITH_IMPORTS",
    "Answered",
    "Claims",
    "Contestant",
    "Verdict",
    "VerdictWord",
    "judge",
]

VerdictWord = Literal["promoted", "not promoted", "not enough evidence"]

MIN_ANSWERS_WITH_IMPORTS = 100
"""Trusted answers without which no contender is judged that learned from doubtful imports."""

_MIN_OF_A_CLASS = 15
_MIN_LATEST = 5  # of a class, among the latest answers
_LATEST = 0.3  # share of the answers, the latest, that the time split judges by


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
    claims: Claims | None = None,
) -> Verdict:
    """Judge a contender beside the model in force.

    The objects with trusted answers are split into folds; each fold is scored by refits on the
    other folds (and on imports that are not trusted yet, which are in no fold). The resulting
    ranking of all of them is resampled over objects, and differences are taken within a
    resample. All is measured twice: of the ranking, and of that among alerts with a similar
    number of detections. With at least `min_answers` answers, 15 anomalies and 15 others among
    them, the contender is promoted unless

    1. average precision, or precision among the first 10 or 30, is below the incumbent's by
       more than `margin` in nine of ten resamples, or average precision is by more than 0.05
       as measured (equal models mostly differ by less; were proof asked for that it is not
       worse, no refresh would pass);
    2. average precision is not above that of the best ranking that sees number of detections
       and age only (`fink_ad.forest.counts_and_age`) by more than `margin`, as measured (were
       proof asked for, no refresh would pass where the incumbent is hardly above it either);
    3. artefacts among its first 30 are more by over a tenth;
    4. refitted on the earlier 70 % it ranks the latest 30 % worse, in the sense of nine of ten
       resamples;
    5. it learned from imports nobody vouched for, and these did not prove harmless. There proof
       is asked for: in nine of ten resamples the average precision is not lower by more than
       `margin`, and each import agrees with what trusted answers teach, see
       `fink_ad.forest.import_agreement.disagreements`. With fewer than
       `MIN_ANSWERS_WITH_IMPORTS` trusted answers there is no verdict.

    How often contenders were promoted on 20 simulated skies (3 of 10 objects are anomalies, two
    kinds of them; FAL of 50 trees), with 60, 150 and 300 answers:

    - as good as the incumbent, other trees: 14, 19, 17 (of 60 answers, two had no verdict);
    - better, the incumbent does not learn: 17, 20, 20;
    - worse, the contender does not learn: 1, 0, 0;
    - noise: 1, 0, 0;
    - number of detections: 0, 0, 0;
    - with half as many imports as answers, at least 40, over a third of them wrong: no verdict,
      0, 0;
    - with 8 or 20 imports of one word, all wrong: no verdict, 0, 0.

    With the fewest answers, 50 with 15 anomalies, noise was promoted in none of 40 runs beside
    an incumbent that sets anomalies apart by 1.5 standard deviations, and a contender of half
    that in 3. Of honest imports two of five pass; for the others somebody has to vouch.

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
    claims : Claims, optional
        What imports that nobody vouched for say, also about objects with trusted answers; by
        default what the rows of `answered` say that are not trusted, as one import.

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
    if claims is None:
        claims = _one_import(answered)
    few = _too_few(len(judged), int(hit.sum()), min_answers)
    if not few and len(claims) and len(judged) < MIN_ANSWERS_WITH_IMPORTS:
        names = ", ".join(map(repr, np.unique(claims.imports).tolist()))
        few = (
            f"{len(judged)} trusted answers, at least {MIN_ANSWERS_WITH_IMPORTS} are needed to "
            f"judge imports that nobody vouched for, {names}: fink-ad labels trust or distrust them"
        )
    if few:
        return Verdict("not enough evidence", (few,), figures)
    random = np.random.default_rng(seed)
    folds = deal_folds(hit, n_folds, random)
    blind = counts_and_age(answered.n_det, answered.age_days, answered.is_anomaly)
    scores = {
        "contender": held_back(contender, judged, folds, imported),
        "incumbent": held_back(incumbent, judged, folds, imported),
    }
    weights = resamples(hit, n_bootstrap, random)
    measured = {
        name: measure(of_rows, answered, judged, weights) for name, of_rows in scores.items()
    }
    measured["baseline"] = best_of(
        [
            measure(held_back(one, judged, folds, imported[:0]), answered, judged, weights)
            for one in blind
        ]
    )
    figures["held_back"] = {name: as_measured(found) for name, found in measured.items()}
    figures["difference"] = differences(measured["contender"], measured["incumbent"])
    figures["above_baseline"] = differences(measured["contender"], measured["baseline"])
    reasons = worse(figures["difference"], margin, "held-back")
    reasons += far_below(figures["difference"])
    reasons += not_above_baseline(figures["held_back"], margin)
    reasons += more_artefacts(figures["held_back"])
    later = _judged_later(contender, incumbent, answered, n_bootstrap, random)
    figures["latest"] = later
    reasons += worse(later.get("difference", {}), margin, "the latest")
    if len(claims):
        figures["agreement"] = agreement(contender, answered, claims, folds)
        reasons += disagreements(figures["agreement"])
        reasons += perhaps_harmful(figures["difference"], margin)
    return Verdict("not promoted" if reasons else "promoted", tuple(reasons), figures)


def _one_import(answered: Answered) -> Claims:
    rows = np.flatnonzero(~answered.trusted)
    return Claims(rows, answered.is_anomaly[rows], np.full(len(rows), "import"))


def _too_few(n_answers: int, n_anomalies: int, min_answers: int) -> str:
    if n_answers < min_answers:
        return f"{n_answers} trusted answers, at least {min_answers} are needed"
    for n, words in ((n_anomalies, "anomalies"), (n_answers - n_anomalies, "others")):
        if n < _MIN_OF_A_CLASS:
            return f"{n} {words} among the answers, at least {_MIN_OF_A_CLASS} are needed"
    return ""


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
    if min(hit.sum(), (~hit).sum()) < _MIN_LATEST:
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
        "difference": differences(measured["contender"], measured["incumbent"]),
    }
