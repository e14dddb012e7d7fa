"""How many packets per second the simulator makes."""

from __future__ import annotations

import time

from fink_ad.simulate import simulate_night
from fink_ad.simulate.cutouts import StampMode


def run() -> dict[str, float]:
    """Return packets/s by kind of stamps, each the best of three nights."""
    sizes: dict[StampMode, int] = {"none": 6000, "pool": 6000, "individual": 200}
    return {
        f"simulate_stamps_{stamps}_per_s": max(_rate(n_objects, stamps) for _ in range(3))
        for stamps, n_objects in sizes.items()
    }


def _rate(n_objects: int, stamps: StampMode) -> float:
    begin = time.perf_counter()
    night = simulate_night(20260301, n_objects=n_objects, stamps=stamps)
    return len(night) / (time.perf_counter() - begin)


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:40s} {value:12,.0f}")
