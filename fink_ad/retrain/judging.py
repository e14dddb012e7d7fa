"""Put a contender and the model in force before the gate, on the same answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fink_ad.config import Settings
from fink_ad.forest import Model
from fink_ad.retrain.train import Contender
from fink_ad.store import Store

__all__ = ["NOT_ENOUGH", "NOT_PROMOTED", "PROMOTED", "Judgement", "judge_contender"]

PROMOTED, NOT_PROMOTED, NOT_ENOUGH = "promoted", "not promoted", "not enough evidence"


@dataclass(frozen=True)
class Judgement:
    """What the gate says: verdict, why in words, and the figures it rests on (JSON-able)."""

    verdict: str
    reason: str
    figures: dict[str, Any]


def judge_contender(
    store: Store, settings: Settings, contender: Contender, incumbent: Model
) -> Judgement:
    n = len(contender.teaching)
    if n < settings.retrain.min_answers:
        return Judgement(NOT_ENOUGH, f"{n} answers", {"n_answers": n})
    return Judgement(PROMOTED, "", {})
