"""Whether imports that nobody vouched for say what trusted answers teach, each by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.forest.held_back import Answered, Contestant, held_back
from fink_ad.forest.ranking_metrics import area_under_curve

__all__ = ["Claims", "agreement", "disagreements"]

_MOST = 0.6
"""In how many comparisons trusted answers may fit better than imported ones; by lot 0.5."""

_SHOWN = 0.55
"""The same of one class; an honest file may be a little other than what is answered here."""

_MIN_CLAIMS = 5

_TAIL = 1.2816  # standard errors that nine of ten cases stay below


@dataclass(frozen=True, eq=False)
class Claims:
    """What imports that nobody vouched for say, one row per answer.

    Attributes
    ----------
    rows : (n,) int64
        Where the object stands among the answers that are judged by or learned from.
    is_anomaly : (n,) bool
        What the import says of it.
    imports : (n,) str
        Name of the import.
    """

    rows: NDArray[np.int64]
    is_anomaly: NDArray[np.bool_]
    imports: NDArray[np.str_]

    def __post_init__(self) -> None:
        if not len(self.rows) == len(self.is_anomaly) == len(self.imports):
            raise ModelError(
                f"claims of imports have {len(self.rows)} rows, {len(self.is_anomaly)} answers "
                f"and {len(self.imports)} names: give one each"
            )

    def __len__(self) -> int:
        return len(self.rows)


def agreement(
    contender: Contestant, answered: Answered, claims: Claims, folds: NDArray[np.int64]
) -> dict[str, dict[str, Any]]:
    """Return by import how its answers compare with trusted ones of the same class.

    Refits that learned from trusted answers alone score all objects. For each answer of an
    import, `worse` is the share of the trusted answers of its class that fit the class better:
    if it says anomaly, those scored higher. It is 0.5 on average where the import is as good as
    they are, and no class has to be there beside the other for that. `worse_anomaly` and
    `worse_other` are those of each class, `error` and so on their standard errors (those of the
    rank-sum test), None where the import has no such answers.

    Parameters
    ----------
    contender : callable
    answered : Answered
    claims : Claims
    folds : (n_trusted,) int64
        Of the trusted answers, so that these are scored by refits that have not seen them.
    """
    judged, others = np.flatnonzero(answered.trusted), np.flatnonzero(~answered.trusted)
    scores = np.empty(len(answered))
    scores[judged] = held_back(contender, judged, folds, others[:0])
    if len(others):
        scores[others] = contender(judged, others)
    found = {}
    for name in np.unique(claims.imports).tolist():
        mine = claims.imports == name
        rows, first = np.unique(claims.rows[mine] * 2 + claims.is_anomaly[mine], return_index=True)
        found[name] = _of_import(
            claims.rows[mine][first], rows % 2 == 1, scores, judged, answered.is_anomaly[judged]
        )
    return found


def _of_import(
    rows: NDArray[np.int64],
    is_anomaly: NDArray[np.bool_],
    scores: NDArray[np.float64],
    judged: NDArray[np.int64],
    hit: NDArray[np.bool_],
) -> dict[str, Any]:
    told: dict[str, Any] = {"n": len(rows)}
    total, variance = 0.0, 0.0
    for word, mine, trusted in (
        ("anomaly", is_anomaly, judged[hit]),
        ("other", ~is_anomaly, judged[~hit]),
    ):
        n = int(mine.sum())
        told |= {f"n_{word}": n, f"worse_{word}": None, f"error_{word}": None}
        if n:
            both = np.concatenate([scores[trusted], scores[rows[mine]]])
            is_trusted = np.arange(len(both)) < len(trusted)
            worse = area_under_curve(both if word == "anomaly" else -both, is_trusted)
            error = float(np.sqrt((1.0 / n + 1.0 / len(trusted)) / 12.0))
            told |= {f"worse_{word}": worse, f"error_{word}": error}
            total += n * worse
            variance += (n * error) ** 2
    return told | {"worse": total / len(rows), "error": float(np.sqrt(variance)) / len(rows)}


def disagreements(found: dict[str, dict[str, Any]]) -> list[str]:
    """Return in words which imports did not prove to agree with trusted answers.

    Proof is asked for: in nine of ten cases no more than six of ten trusted answers fit better
    than those of the import, which fewer than five answers never prove. And for no class of
    its own it may be shown, with the same certainty, that more than 55 % do.
    """
    reasons = []
    for name, told in found.items():
        upper = told["worse"] + _TAIL * told["error"]
        doubts = []
        if told["n"] < _MIN_CLAIMS:
            doubts.append(f"its {told['n']} answers are too few to tell")
        if upper > _MOST:
            doubts.append(
                f"of trusted answers {told['worse']:.0%} fit better than its {told['n']}, perhaps "
                f"{min(upper, 1.0):.0%}, and {_MOST:.0%} may"
            )
        for word, words in (("anomaly", "anomalies"), ("other", "others")):
            worse, error = told[f"worse_{word}"], told[f"error_{word}"]
            if worse is not None and worse - _TAIL * error > _SHOWN:
                doubts.append(f"its {told[f'n_{word}']} {words} fit less well than trusted ones")
        if doubts:
            reasons.append(
                f"import {name!r}: {', '.join(doubts)}; look at it, then fink-ad labels trust or "
                "distrust it"
            )
    return reasons
