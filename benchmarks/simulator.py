"""How many packets per second the simulator makes, on one core."""

from __future__ import annotations

import time

from fink_ad.simulate import simulate_night
from fink_ad.simulate.cutouts import StampMode
from fink_ad.simulate.survey import SurveyName

CASES: tuple[tuple[SurveyName, StampMode, int], ...] = (
    ("ztf", "none", 6000),
    ("ztf", "pool", 6000),
    ("ztf", "individual", 300),
    ("lsst", "none", 1500),
    ("lsst", "individual", 1500),
)


def run() -> dict[str, float]:
    """Return packets/s by survey and kind of stamps, each the best of three nights."""
    return {
        f"simulate_{survey}_stamps_{stamps}_per_s": max(
            _rate(survey, n_objects, stamps) for _ in range(3)
        )
        for survey, stamps, n_objects in CASES
    }


def _rate(survey: SurveyName, n_objects: int, stamps: StampMode) -> float:
    begin = time.perf_counter()
    night = simulate_night(20260301, survey=survey, n_objects=n_objects, stamps=stamps)
    return len(night) / (time.perf_counter() - begin)


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:40s} {value:12,.0f}")
