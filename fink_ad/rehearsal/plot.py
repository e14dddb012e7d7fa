"""What was found when: the curve of a season."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from fink_ad.rehearsal.playing import NightReport

__all__ = ["season_figure"]


def season_figure(seasons: Mapping[str, Sequence[NightReport]]) -> Figure:
    """Draw planted anomalies found against answers given, one curve per way to play.

    Parameters
    ----------
    seasons : mapping of str to sequence of NightReport
        Reports by the name of the curve. Dotted is the best that could have been done: as long
        as a planted object has given an alert and was not shown, one is shown.
    """
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for name, reports in seasons.items():
        hits = [one.planted and one.first for report in reports for one in report.shown]
        found = np.concatenate(([0], np.cumsum(hits)))
        axes.step(np.arange(len(found)), found, where="post", label=name)
    axes.plot(*_best(next(iter(seasons.values()))), ":", color="0.4", label="best possible")
    axes.set_xlabel("answers")
    axes.set_ylabel("planted anomalies found")
    axes.set_xlim(0, None)
    axes.set_ylim(0, None)
    axes.legend(frameon=False, loc="best")
    return figure


def _best(reports: Sequence[NightReport]) -> tuple[list[int], list[int]]:
    """Return answers and finds of a reviewer who is shown planted objects only."""
    answers, found = [0], [0]
    for report in reports:
        most = min(report.n_appeared, found[-1] + len(report.shown))
        end = answers[-1] + len(report.shown)
        answers += [answers[-1] + most - found[-1], end]
        found += [most, most]
    return answers, found
