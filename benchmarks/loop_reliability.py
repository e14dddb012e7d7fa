"""Whether probabilities that were stated in played fortnights came true: tables and plot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from fink_ad.forest.reliability import brier_score, calibration_error, reliability

__all__ = ["CALIBRATED", "print_calibration", "print_table", "reliability_figure"]


def print_table(title: str, headings: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    lines = [[str(cell) for cell in row] for row in (headings, *rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    print(f"\n{title}\n")
    print("\n".join("| " + " | ".join(line) + " |" for line in lines))


def _pairs(skies: Sequence[Any], key: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    pairs = [pair for sky in skies for pair in sky[key]]
    return np.array([p for p, _ in pairs], np.float64), np.array([hit for _, hit in pairs], bool)


CALIBRATED = {"1 % planted": "calibration", "10 % planted": "calibration, rich"}
_STATED = {"asked": "answers given next", "never_asked": "objects never asked about"}


def print_calibration(sky: str, skies: Sequence[Any]) -> None:
    for key, words in _STATED.items():
        stated, hit = _pairs(skies, key)
        bins = reliability(stated, hit)
        rows = [
            [
                f"{one.low:.1f}-{one.high:.1f}",
                one.n_answers,
                f"{one.stated:.3f}",
                f"{one.observed:.3f}",
                f"{max(0.1, 2 * one.standard_error):.3f}",
                "" if one.n_answers < 100 else _kept(one.stated - one.observed, one.standard_error),
            ]
            for one in bins
        ]
        title = (
            f"Calibration, {sky}, {words}: {len(hit)}, Brier score {brier_score(stated, hit):.3f}, "
            f"expected calibration error {calibration_error(bins):.3f}"
        )
        print_table(title, ("stated", "n", "mean stated", "observed", "allowed", "kept"), rows)


def _kept(off: float, standard_error: float) -> str:
    return "yes" if abs(off) <= max(0.1, 2 * standard_error) else "NO"


def reliability_figure(stated: Mapping[str, Sequence[Any]]) -> Figure:
    figure = Figure(figsize=(9, 4.4), layout="constrained")
    for axes, (key, words) in zip(figure.subplots(1, 2), _STATED.items(), strict=True):
        x = np.linspace(0, 1, 101)
        axes.fill_between(x, x - 0.1, x + 0.1, color="0.92", lw=0)
        axes.plot(x, x, color="0.6", lw=0.8)
        for (sky, skies), colour in zip(stated.items(), ("tab:blue", "tab:orange"), strict=True):
            for one in reliability(*_pairs(skies, key)):
                axes.errorbar(
                    one.stated,
                    one.observed,
                    2 * one.standard_error,
                    fmt="o",
                    color=colour,
                    mfc=colour if one.n_answers >= 100 else "white",
                )
            axes.plot([], [], "o", color=colour, label=sky)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="stated p(interesting)", title=words)
    figure.axes[0].set_ylabel("share called an anomaly")
    figure.axes[0].legend(frameon=False, loc="upper left")
    return figure
