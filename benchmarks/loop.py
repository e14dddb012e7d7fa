"""The whole loop on simulated fortnights: what is found, when, and what the gate says.

``python -m benchmarks.loop play --out FOLDER`` plays, a file of figures per sky and play;
``python -m benchmarks.loop show FOLDER --docs docs`` prints tables and draws plots of them.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import time
from collections.abc import Collection
from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog

from benchmarks.loop_figures import show
from benchmarks.planted import RARE, TRANSIENTS
from fink_ad.config import Settings
from fink_ad.forest import Model
from fink_ad.forest.calibration import Calibration
from fink_ad.pipeline import run
from fink_ad.rehearsal import (
    NightReport,
    Oracle,
    Season,
    Sitting,
    play,
    rank_night,
    rehearsal_settings,
)
from fink_ad.rehearsal.oracle import ARTEFACTS
from fink_ad.simulate import simulate_pieces
from fink_ad.sources.files import FilesSource
from fink_ad.store import Store

LAST_NIGHT, NEXT_NIGHT, N_NIGHTS = 20260131, 20260201, 14
N_OBJECTS, N_PLANTED, PER_NIGHT = 6000, 8, 20
N_PLANTED_RICH = 80  # where calibration is to see likely objects, too
N_FRESH = 4  # skies of one night that no model and no reviewer has seen
ERRS, UNSURE = 0.1, 0.1
N_HEAD = 30

VARIABLES = ("microlensing", "r_crb", "dwarf_nova", "young_star")
TASTES = {"transients": TRANSIENTS, "variables": VARIABLES}

# Name of a play: learner, retrained each night, answers between two orders, weight of "bogus".
FORTNIGHTS = {
    "static": ("static", True, PER_NIGHT, 1.0),
    "AAD": ("aad", True, 1, 1.0),
    "FAL": ("fal", True, 1, 1.0),
}
VARIANTS = {
    "FAL, not retrained": ("fal", False, 1, 1.0),
    "FAL, 5 at a time": ("fal", False, 5, 1.0),
    "FAL, 20 at a time": ("fal", False, PER_NIGHT, 1.0),
    "FAL, bogus half": ("fal", False, 1, 0.5),
}
PARTS = (*FORTNIGHTS, "tastes", "calibration", "calibration, rich", *VARIANTS)


def sky(
    folder: Path, seed: int, nights: int, last: int = NEXT_NIGHT, n_planted: int = N_PLANTED
) -> Season:
    pieces = simulate_pieces(
        last,
        n_objects=N_OBJECTS,
        inject=dict.fromkeys(RARE, n_planted),
        seed=seed,
        nights=nights,
    )
    return Season.write(folder, pieces)


class FreshNights:
    """Nights of other skies: their alerts' features in stores of their own, to be ranked."""

    def __init__(self, folder: Path, first_seed: int) -> None:
        self._nights: list[tuple[Season, Path]] = []
        for seed in range(first_seed, first_seed + N_FRESH):
            season = sky(folder / f"packets{seed}", seed, 1)
            settings = rehearsal_settings(Settings(), folder / f"home{seed}", "static")
            with Store.open(settings.home) as store:
                run(FilesSource(list(season.nights.values())), store, settings)
            self._nights.append((season, settings.home))

    def judge(self, model: Model, taste: Collection[str] | None = None) -> list[dict[str, Any]]:
        """Return how a model ranks each: wanted and artefacts among the first, and in all."""
        found = []
        for season, home in self._nights:
            with Store.open(home) as store:
                names = rank_night(store, model, NEXT_NIGHT).object_ids.tolist()
            kinds = [season.kinds[name] for name in names]
            wanted = [
                name in season.planted if taste is None else kind in taste
                for name, kind in zip(names, kinds, strict=True)
            ]
            found.append(
                {
                    "n_objects": len(names),
                    "n_wanted": sum(wanted),
                    "hits_10": sum(wanted[:10]),
                    "hits_30": sum(wanted[:N_HEAD]),
                    "artefacts_30": sum(kind in ARTEFACTS for kind in kinds[:N_HEAD]),
                }
            )
        return found


def fortnight(
    season: Season,
    oracle: Oracle,
    home: Path,
    fresh: FreshNights,
    how: tuple[str, bool, int, float],
) -> dict[str, Any]:
    """Play all nights but the last, which is only ranked."""
    learner, retraining, learn_every, bogus_weight = how
    base = Settings.model_validate({"learn": {"bogus_weight": bogus_weight}})
    settings = rehearsal_settings(base, home, learner)
    *earlier, (next_night, next_path) = season.nights.items()
    played = replace(season, nights=dict(earlier))
    start = time.perf_counter()
    reports = list(
        play(
            played,
            oracle,
            settings,
            PER_NIGHT,
            learn_every=learn_every,
            retraining=retraining,
        )
    )
    seconds = time.perf_counter() - start
    with Store.open(home) as store:
        order = store.latest_order(season.survey, "transient")
        told = None if order is None else order.calibration
        sitting = Sitting(store, settings, season)
        model = sitting.model()
        run(FilesSource([next_path]), store, settings)
        ranked = rank_night(store, model, next_night).object_ids.tolist()
    first = Model.load(home / "models" / reports[0].model_revision)
    return {
        "nights": [_night(report) for report in reports],
        "next_night": [[name, season.kinds[name], name in season.planted] for name in ranked],
        "fresh": fresh.judge(model),
        "fresh_first_model": fresh.judge(first),
        "calibration": None if told is None else Calibration.from_json(told).to_json(),
        "seconds": seconds,
    }


def _night(report: NightReport) -> dict[str, Any]:
    gate = report.retrained
    return {
        "night": report.night,
        "n_alerts": report.n_alerts,
        "appeared": dict(report.appeared),
        "shown": [asdict(one) for one in report.shown],
        "precision_10": report.precision(10),
        "precision_30": report.precision(30),
        "artefact_share": report.artefact_share(),
        "gate": None if gate is None else {"verdict": gate.verdict, "reason": gate.reason},
        "figures": None if gate is None else gate.figures,
    }


def tastes(season: Season, home: Path, fresh: FreshNights, seed: int) -> dict[str, Any]:
    """Two reviewers with models of their own answer in turn, each by their taste."""
    settings = rehearsal_settings(Settings(), home)
    answers = {
        name: Oracle.of(season.truth, ERRS, UNSURE, seed, taste) for name, taste in TASTES.items()
    }
    with Store.open(home) as store:
        reviewers = {name: store.add_reviewer(name, personal=True) for name in TASTES}
        sitting = Sitting(store, settings, season)
        for path in list(season.nights.values())[:N_NIGHTS]:
            run(FilesSource([path]), store, settings)
            sitting.alerts_came()
            for name in list(TASTES) * 2:
                sitting.answer(reviewers[name], answers[name], PER_NIGHT // 4, PER_NIGHT // 4)
        shared = sitting.model()
        return {
            name: {
                "personal": fresh.judge(sitting.model(reviewers[name]), taste),
                "shared": fresh.judge(shared, taste),
            }
            for name, taste in TASTES.items()
        }


def calibration(season: Season, home: Path, seed: int) -> dict[str, Any]:
    """Return what was stated of objects before their answers, and of those never asked about.

    Each is a pair of a probability and whether the oracle calls, or would call, it an anomaly;
    it is asked about twice as many as elsewhere. Those it is unsure of are left out.
    """
    settings = rehearsal_settings(Settings(), home)
    oracle = Oracle.of(season.truth, ERRS, UNSURE, seed)
    asked: list[tuple[float, bool]] = []
    with Store.open(home) as store:
        reviewer = store.add_reviewer("oracle")
        sitting = Sitting(store, settings, season)
        answered: set[str] = set()
        for path in list(season.nights.values())[:N_NIGHTS]:
            run(FilesSource([path]), store, settings)
            sitting.alerts_came()
            for _ in range(2 * PER_NIGHT // 4):
                stated = _stated(store, season.survey)
                shown = sitting.answer(reviewer, oracle, 4, 4)
                asked += [
                    (stated[one.object_id], one.answer == "anomaly")
                    for one in shown
                    if one.object_id in stated
                    and one.answer != "unsure"
                    and one.draw in ("top", "random")
                ]
                answered |= {one.object_id for one in shown}
        said = {
            name: (probability, oracle.answer(name))
            for name, probability in _stated(store, season.survey).items()
            if name not in answered
        }
    never = [(p, answer == "anomaly") for p, answer in said.values() if answer != "unsure"]
    return {"asked": asked, "never_asked": never}


def _stated(store: Store, survey: str) -> dict[str, float]:
    """Return the probability in the order in force of each object of which one is stated."""
    record = store.latest_order(survey, "transient")
    if record is None:
        return {}
    order = store.order(record.id)
    pairs = zip(order.object_id.tolist(), order.p_interesting.tolist(), strict=True)
    return {name: probability for name, probability in pairs if isfinite(probability)}


def play_skies(out: Path, seeds: Collection[int], names: Collection[str]) -> None:
    """Play the named parts on each sky, and write what came of it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    out.mkdir(parents=True, exist_ok=True)
    plays = FORTNIGHTS | VARIANTS
    for seed in seeds:
        with TemporaryDirectory(dir=out) as name_of_folder:
            folder = Path(name_of_folder)
            season = sky(folder / "packets", seed, N_NIGHTS + 1)
            fresh = FreshNights(folder / "fresh", 1000 + 10 * seed)
            oracle = Oracle.of(season.truth, ERRS, UNSURE, seed)
            for name in names:
                home = folder / "home"
                if name == "tastes":
                    found = tastes(season, home, fresh, seed)
                elif name == "calibration":
                    found = calibration(season, home, seed)
                elif name == "calibration, rich":
                    rich = sky(folder / "rich", seed, N_NIGHTS, LAST_NIGHT, N_PLANTED_RICH)
                    found = calibration(rich, home, seed)
                else:
                    found = fortnight(season, oracle, home, fresh, plays[name])
                shutil.rmtree(home)
                (out / f"{seed} {name}.json").write_text(json.dumps(found))
                print(f"sky {seed}: {name}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    player = commands.add_parser("play")
    player.add_argument("--out", type=Path, required=True)
    player.add_argument("--skies", type=int, nargs="+", default=[11, 12, 13])
    player.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    shower = commands.add_parser("show")
    shower.add_argument("figures", type=Path)
    shower.add_argument("--docs", type=Path, default=Path("docs"))
    given = parser.parse_args()
    if given.command == "play":
        play_skies(given.out, given.skies, given.parts)
    else:
        show(given.figures, given.docs)


if __name__ == "__main__":
    main()
