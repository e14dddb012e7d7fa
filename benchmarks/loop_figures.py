"""Tables and plots of simulated fortnights that were played by `benchmarks.loop`."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.loop_reliability import (
    CALIBRATED,
    print_calibration,
    print_table,
    reliability_figure,
)

__all__ = ["show"]

_MAIN = {"static": "0.5", "AAD": "tab:blue", "FAL": "tab:orange"}
_N_BOOTSTRAP = 10_000

_Play = Mapping[str, Any]
_Plays = Mapping[str, Sequence[_Play]]  # one per sky, by the name of the play


def show(folder: Path, docs: Path) -> None:
    """Print all tables, as Markdown, and write the plots."""
    found: dict[str, list[Any]] = defaultdict(list)
    for path in sorted(folder.glob("*.json")):
        found[path.stem.partition(" ")[2]].append(json.loads(path.read_text()))
    tastes = found.pop("tastes", [])
    stated = {words: found.pop(name, []) for words, name in CALIBRATED.items()}
    order = [*_MAIN, *(name for name in found if name not in _MAIN)]
    plays = {name: found[name] for name in order if name in found}
    _print_summary(plays)
    _print_questions(plays)
    _print_nights(plays)
    _print_gate(plays)
    _print_fresh(plays)
    _print_tastes(tastes)
    _fortnight_figure(plays).savefig(docs / "loop_fortnight.png", dpi=120)
    for words, skies in stated.items():
        print_calibration(words, skies)
    reliability_figure(stated).savefig(docs / "loop_reliability.png", dpi=120)


def _shown(play: _Play) -> list[Mapping[str, Any]]:
    return [one for night in play["nights"] for one in night["shown"]]


def _finds(play: _Play) -> NDArray[np.int64]:
    """Return how many planted objects were found after each answer, from 0 answers on."""
    hits = [one["planted"] and one["first"] for one in _shown(play)]
    return np.concatenate([[0], np.cumsum(hits)])


def _spread(values: Sequence[float] | Sequence[np.floating[Any]], digits: int = 2) -> str:
    """Return a mean and its standard error over skies."""
    told = np.asarray(values, np.float64)
    error = told.std(ddof=1) / np.sqrt(len(told)) if len(told) > 1 else np.nan
    return f"{told.mean():.{digits}f} ± {error:.{digits}f}"


def _print_summary(plays: _Plays) -> None:
    rows = []
    for name, skies in plays.items():
        ends = [_finds(play)[-1] for play in skies]
        there = [sum(play["nights"][-1]["appeared"].values()) for play in skies]
        halves = [int(_finds(play)[141]) for play in skies]
        bogus = [
            np.mean([one["kind"] in ("bogus", "bad_subtraction") for one in _shown(play)])
            for play in skies
        ]
        rows.append(
            [
                name,
                len(skies),
                _spread(halves, 1),
                _spread(ends, 1),
                f"{np.mean(there):.1f}",
                _spread(bogus),
            ]
        )
    headings = ("play", "skies", "found after 140", "after 280", "of", "artefacts asked")
    print_table("Found", headings, rows)


def _print_questions(plays: _Plays) -> None:
    """Answers until half of the objects of a class that appeared were shown, sky by sky."""
    main = [name for name in _MAIN if name in plays]
    kinds = sorted({kind for play in plays[main[0]] for kind in play["nights"][-1]["appeared"]})
    rows = [[kind, *(_until_half(plays[name], kind) for name in main)] for kind in kinds]
    print_table("Answers until half of each class was shown", ("class", *main), rows)


def _until_half(skies: Sequence[_Play], kind: str) -> str:
    told = []
    for play in skies:
        there = play["nights"][-1]["appeared"].get(kind, 0)
        hits = np.cumsum([one["kind"] == kind and one["first"] for one in _shown(play)])
        reached = np.flatnonzero(2 * hits >= there)
        told.append(str(reached[0] + 1) if there and len(reached) else f"- ({hits[-1]}/{there})")
    return ", ".join(told)


def _print_nights(plays: _Plays) -> None:
    rows: list[list[object]] = []
    main = [name for name in _MAIN if name in plays]
    for place in range(len(plays[main[0]][0]["nights"])):
        row: list[object] = [place + 1]
        for name in main:
            nights = [play["nights"][place] for play in plays[name]]
            hits = [sum(one["planted"] and one["first"] for one in n["shown"]) for n in nights]
            row += [
                f"{np.mean(hits):.1f}",
                *(
                    f"{np.mean([night[key] for night in nights]):.2f}"
                    for key in ("precision_10", "precision_30", "artefact_share")
                ),
            ]
        rows.append(row)
    headings = [f"{name} {what}" for name in main for what in ("finds", "p@10", "p@30", "artef.")]
    print_table("Night by night, mean over skies", ["night", *headings], rows)


_SIGNS = {"nothing new": "=", "not enough evidence": "?", "promoted": "+", "not promoted": "-"}
_WHY = {"age only": "counts and age", "artefacts": "artefacts", "latest": "latest answers"}


def _print_gate(plays: _Plays) -> None:
    rows = []
    for name in _MAIN:
        for place, play in enumerate(plays.get(name, ()), start=1):
            told = [night["gate"] for night in play["nights"]]
            why: Counter[str] = Counter()
            for one in told:
                if one["verdict"] == "not promoted":
                    why.update(words for part, words in _WHY.items() if part in one["reason"])
            reasons = ", ".join(f"{words} {n}" for words, n in why.most_common())
            held = [night["figures"]["held_back"] for night in play["nights"][-5:]]
            precision = [
                f"{np.mean([one[of]['average_precision'] for one in held]):.2f}"
                for of in ("contender", "baseline")
            ]
            rows.append(
                [name, place, "".join(_SIGNS[one["verdict"]] for one in told), reasons, *precision]
            )
    headings = ("play", "sky", "nights 1 to 14", "why not", "AP, last five", "of counts and age")
    print_table("The gate", headings, rows)


def _hits(skies: Sequence[_Play], key: str = "fresh", what: str = "hits_30") -> NDArray[np.int64]:
    """Return hits of each sky that was played and each fresh night, (n_skies, n_fresh)."""
    return np.array([[night[what] for night in play[key]] for play in skies])


def _print_fresh(plays: _Plays) -> None:
    rows = []
    for name, skies in plays.items():
        head = [_hits(skies, what=f"hits_{n}").mean(axis=1) / n for n in (10, 30)]
        artefacts = _hits(skies, what="artefacts_30").mean(axis=1) / 30
        rows.append([name, *(_spread(values.tolist()) for values in (*head, artefacts))])
    first = _hits(plays["static"], "fresh_first_model").mean(axis=1) / 30
    rows.append(["static, first model", "", _spread(first.tolist()), ""])
    headings = ("model after the fortnight", "p@10", "p@30", "artefacts in 30")
    print_table("A night of other skies", headings, rows)
    for name in ("FAL", "AAD"):
        if name in plays:
            _print_factor(name, _hits(plays[name]), _hits(plays["static"][: len(plays[name])]))
            _print_next_night(name, plays[name], plays["static"])


def _print_factor(name: str, ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> None:
    """Say how many times as many hits, resampling played skies and fresh nights within them."""
    random = np.random.default_rng(0)
    n_skies, n_fresh = ours.shape
    skies = random.integers(n_skies, size=(_N_BOOTSTRAP, n_skies, 1))
    nights = random.integers(n_fresh, size=(_N_BOOTSTRAP, n_skies, n_fresh))
    sums = [hits[skies, nights].sum(axis=(1, 2)) for hits in (ours, theirs)]
    low, high = np.percentile(sums[0] / np.maximum(sums[1], 1), [5, 95])
    print(
        f"\n{name} over static, p@30 of a night of other skies: {ours.sum()} to {theirs.sum()} "
        f"hits, factor {ours.sum() / max(theirs.sum(), 1):.1f} (90 % {low:.1f} to {high:.1f})"
    )


def _print_next_night(name: str, ours: Sequence[_Play], theirs: Sequence[_Play]) -> None:
    """Say how both rank what neither asked about in the next night of the same sky."""
    told = []
    for one, other in zip(ours, theirs, strict=False):
        asked = {shown["object_id"] for play in (one, other) for shown in _shown(play)}
        left = [[row for row in play["next_night"] if row[0] not in asked] for play in (one, other)]
        hits = [sum(planted for *_, planted in rows[:30]) for rows in left]
        n_planted = sum(planted for *_, planted in left[0])
        told.append(f"{hits[0]} and {hits[1]} of {n_planted} planted among {len(left[0])} objects")
    print(f"{name} and static, next night of the same sky, first 30: " + "; ".join(told))


def _print_tastes(skies: Sequence[Mapping[str, Any]]) -> None:
    rows = []
    for taste in skies[0] if skies else ():
        share = [night["n_wanted"] / night["n_objects"] for night in skies[0][taste]["shared"]]
        told = {
            model: [np.mean([n["hits_30"] for n in sky[taste][model]]) / 30 for sky in skies]
            for model in ("personal", "shared")
        }
        rows.append([taste, f"{np.mean(share):.3f}", *map(_spread, told.values())])
    print_table("Tastes", ("taste", "share of objects", "personal p@30", "shared p@30"), rows)


def _fortnight_figure(plays: _Plays) -> Figure:
    figure = Figure(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    for name, colour in _MAIN.items():
        curves = [_finds(play) for play in plays.get(name, ())]
        for curve in curves:
            left.plot(curve, color=colour, lw=0.6, alpha=0.5)
        if curves:
            left.plot(np.mean(curves, axis=0), color=colour, lw=2, label=name)
    there = [sum(play["nights"][-1]["appeared"].values()) for play in plays["static"]]
    left.axhline(float(np.mean(there)), ls=":", color="0.4")
    left.text(280, np.mean(there) - 0.5, "all that appeared", va="top", ha="right", fontsize=8)
    left.set(xlabel="answers, 20 a night", ylabel="planted objects found", xlim=(0, None))
    left.set_ylim(0, None)
    left.legend(frameon=False, loc="center left")
    _draw_artefacts(right, plays)
    return figure


def _draw_artefacts(axes: Axes, plays: _Plays) -> None:
    for name, colour in _MAIN.items():
        skies = [
            [
                np.mean([one["kind"] in ("bogus", "bad_subtraction") for one in night["shown"]])
                for night in play["nights"]
            ]
            for play in plays.get(name, ())
        ]
        if skies:
            axes.plot(np.arange(1, len(skies[0]) + 1), np.mean(skies, axis=0), color=colour)
    axes.set(xlabel="night", ylabel="share of artefacts among what was shown", ylim=(0, 1))
    axes.set_xticks(range(2, 15, 2))
