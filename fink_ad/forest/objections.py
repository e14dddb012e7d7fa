"""What speaks against a contender at the gate, in words; nothing where nothing does."""

from __future__ import annotations

from fink_ad.forest.held_back import INSIDE, N_TOP

__all__ = ["far_below", "more_artefacts", "not_above_baseline", "perhaps_harmful", "worse"]

_Figures = dict[str, dict[str, float | None]]

_ARTEFACT_RISE = 0.1
_FAR = 0.05  # how far average precision may be measured below the incumbent's at most
_WITHIN = ", among alerts with as many detections,"
_MUST_NOT_FALL = {
    "average_precision": "average precision",
    "precision_10": "precision among the first 10",
    "precision_30": f"precision among the first {N_TOP}",
}


def worse(difference: _Figures, margin: float, which: str) -> list[str]:
    """Say which figures are lower by more than the margin in nine of ten resamples."""
    reasons = []
    for suffix, where in (("", ""), (INSIDE, _WITHIN)):
        for key, words in _MUST_NOT_FALL.items():
            found = difference.get(key + suffix, {})
            measured, upper = found.get("measured"), found.get("upper_90")
            if measured is not None and upper is not None and upper < -margin:
                reasons.append(
                    f"{words} of {which} answers{where} is {-measured:.3f} below the incumbent's"
                )
    return reasons


def far_below(difference: _Figures) -> list[str]:
    """Say whether average precision is far lower as measured."""
    measured = difference["average_precision"]["measured"]
    if measured is None or measured >= -_FAR:
        return []
    return [f"average precision is {-measured:.3f} below the incumbent's, over {_FAR}"]


def not_above_baseline(figures: _Figures, margin: float) -> list[str]:
    """Say whether number of detections and age alone would rank about as well."""
    reasons = []
    for suffix, where in (("", ""), (INSIDE, _WITHIN)):
        key = f"average_precision{suffix}"
        ours, blind = figures["contender"][key], figures["baseline"][key]
        if ours is not None and blind is not None and ours <= blind + margin:
            reasons.append(
                f"average precision {ours:.3f}{where} is not above the {blind:.3f} of rankings "
                f"that see number of detections and age only by more than {margin}"
            )
    return reasons


def more_artefacts(figures: _Figures) -> list[str]:
    """Say whether clearly more of the first are artefacts."""
    reasons = []
    for suffix, where in (("", ""), (INSIDE, _WITHIN)):
        artefacts = figures["contender"][f"artefact_share{suffix}"]
        usual = figures["incumbent"][f"artefact_share{suffix}"]
        if artefacts is not None and usual is not None and artefacts > usual + _ARTEFACT_RISE:
            reasons.append(
                f"{artefacts:.0%} of the first {N_TOP}{where} are artefacts, {usual:.0%} were"
            )
    return reasons


def perhaps_harmful(difference: _Figures, margin: float) -> list[str]:
    """Say whether it is not proved that average precision is as good."""
    lower = difference["average_precision"]["lower_90"]
    if lower is None or lower >= -margin:
        return []
    return [
        f"with imports that nobody vouched for, average precision may be lower by {-lower:.3f}: "
        "fink-ad labels trust or distrust them"
    ]
