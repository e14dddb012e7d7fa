"""Whether drawing groups first and ranking among peers pay.

``python -m benchmarks.groups_and_peers`` prints a Markdown table for simulated weeks and one for
real alerts of known nature. Objects are judged by learners that did not see them (five folds).
Rarities of the simulated weeks are part of the reference sample, as they would be; the real ones
are too many for that and stay out.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.week import CONFOUND, KnownObjects, real_objects, week
from fink_ad.forest import peer_bin
from fink_ad.forest.imputation import Imputation
from fink_ad.forest.learners import Labels, learner_named
from fink_ad.forest.sketch import N_BINS

N_FOLDS, N_ANSWERS, N_BOOTSTRAP = 5, 10, 300
SETTINGS = [(group_first, peers) for group_first in (False, True) for peers in (False, True)]
LEARNERS = ("static", "fal")


@dataclass(frozen=True, eq=False)
class Judged:
    """Scores of objects by learners that did not see them, and who compares with whom.

    Attributes
    ----------
    scores : (n_seeds, n) float64
    is_rare : (n,) bool
    sky : (n,) int64
        Objects of one sky compare with each other.
    bins : (n,) int8
        Peers by number of detections.
    """

    scores: NDArray[np.float64]
    is_rare: NDArray[np.bool_]
    sky: NDArray[np.int64]
    bins: NDArray[np.int8]

    def figures(self, drawn: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return chance of outranking an ordinary peer, and share above 90 % of the ordinary."""
        rare = self.is_rare[drawn]
        sky, bins = self.sky[drawn], self.bins[drawn]
        figures = []
        for scores in self.scores[:, drawn]:
            peers = _below(scores, rare, sky * N_BINS + bins)
            everybody = _below(scores, rare, sky)
            figures.append([np.nanmean(peers), np.mean(everybody > 0.9)])
        return np.mean(figures, axis=0)


def _below(
    scores: NDArray[np.float64], rare: NDArray[np.bool_], stratum: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return for each rarity the share of ordinary objects of its stratum that it outranks."""
    found = []
    for one in np.unique(stratum[rare]).tolist():
        mine = stratum == one
        ordinary = np.sort(scores[mine & ~rare])
        if not len(ordinary):
            found.append(np.full((mine & rare).sum(), np.nan))
            continue
        wanted = scores[mine & rare]
        places = [np.searchsorted(ordinary, wanted, side) for side in ("left", "right")]
        found.append((places[0] + places[1]) / (2 * len(ordinary)))
    return np.concatenate(found)


def judged(
    skies: Sequence[KnownObjects],
    learner: str,
    parameters: dict[str, Any],
    n_seeds: int,
    rare_in_reference: bool,
    columns: Sequence[str] | None = None,
) -> Judged:
    """Score every object of every sky by a learner fitted to the other folds of its sky."""
    scores = [
        np.stack(
            [
                _cross_fitted(sky, learner, parameters, seed, rare_in_reference, columns)
                for seed in range(n_seeds)
            ]
        )
        for sky in skies
    ]
    return Judged(
        np.concatenate(scores, axis=1),
        np.concatenate([sky.is_rare for sky in skies]),
        np.repeat(np.arange(len(skies)), [len(sky) for sky in skies]),
        np.concatenate([peer_bin(sky.n_det) for sky in skies]),
    )


def _cross_fitted(
    sky: KnownObjects,
    learner: str,
    parameters: dict[str, Any],
    seed: int,
    rare_in_reference: bool,
    columns: Sequence[str] | None,
) -> NDArray[np.float64]:
    seen = np.isin(sky.table.schema.names, columns) if columns else np.ones(len(sky.groups), bool)
    values, groups = sky.table.values[:, seen], np.array(sky.groups, object)[seen]
    bins = peer_bin(sky.n_det)
    rng = np.random.default_rng(seed)
    fold = rng.permutation(len(sky)) % N_FOLDS
    scores = np.empty(len(sky))
    for one in range(N_FOLDS):
        fitted_to = fold != one
        reference = fitted_to if rare_in_reference else fitted_to & ~sky.is_rare
        imputation = Imputation.learn(values[reference])
        labels = None
        if learner != "static":
            answered = np.concatenate(
                [
                    rng.choice(np.flatnonzero(fitted_to & (sky.is_rare == rare)), N_ANSWERS, False)
                    for rare in (True, False)
                ]
            )
            targets = np.where(sky.is_rare[answered], 1, -1).astype(np.int8)
            labels = Labels(imputation.prepare(values[answered]), targets, None, bins[answered])
        fitted = learner_named(learner).fit(
            imputation.prepare(values[reference]),
            groups[imputation.columns].tolist(),
            labels,
            seed,
            parameters,
            bins[reference],
        )
        held_out = ~fitted_to
        scores[held_out] = fitted.score(imputation.prepare(values[held_out]), bins[held_out])
    return scores


def table(skies: Sequence[KnownObjects], n_seeds: int, rare_in_reference: bool) -> str:
    """Return the rows of one sample; differences are to drawing all columns without peers."""
    lines = []
    for learner in LEARNERS:
        runs = {
            f"{'groups first' if group_first else 'all columns alike'}, "
            f"{'peers' if peers else 'no peers'}": judged(
                skies,
                learner,
                {"group_first": group_first, "peers": peers},
                n_seeds,
                rare_in_reference,
            )
            for group_first, peers in SETTINGS
        }
        runs["only counts and age"] = judged(
            skies, learner, {}, n_seeds, rare_in_reference, CONFOUND
        )
        told = {name: run.figures(np.arange(len(run.bins))) for name, run in runs.items()}
        drawn = [_resampled(runs["only counts and age"], seed) for seed in range(N_BOOTSTRAP)]
        boot = {name: np.stack([run.figures(d) for d in drawn]) for name, run in runs.items()}
        plain = next(iter(runs))
        for name, figures in told.items():
            error = boot[name].std(axis=0)
            change, change_error = figures - told[plain], (boot[name] - boot[plain]).std(axis=0)
            cells = [
                f"{figures[i]:.3f} ± {error[i]:.3f}"
                + ("" if name == plain else f" ({change[i]:+.3f} ± {change_error[i]:.3f})")
                for i in range(2)
            ]
            lines.append(f"| {learner} | {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _resampled(run: Judged, seed: int) -> NDArray[np.int64]:
    """Draw objects again, rare and ordinary ones of each sky in their numbers."""
    rng = np.random.default_rng(seed)
    kinds = run.sky * 2 + run.is_rare
    parts = [np.flatnonzero(kinds == kind) for kind in np.unique(kinds)]
    return np.concatenate([rng.choice(part, len(part)) for part in parts])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skies", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    samples = {
        "simulated weeks": ([week(seed) for seed in range(given.skies)], True),
        "real alerts": ([real_objects()], False),
    }
    for name, (skies, rare_in_reference) in samples.items():
        n_rare = sum(int(sky.is_rare.sum()) for sky in skies)
        print(f"\n{name}: {n_rare} rarities, {sum(map(len, skies)) - n_rare} ordinary objects\n")
        print("| learner | setting | outranks an ordinary peer | above 90 % of all ordinary |")
        print("|---|---|---|---|")
        print(table(skies, given.seeds, rare_in_reference))


if __name__ == "__main__":
    main()
