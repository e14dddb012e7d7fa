"""`fink-ad retrain`, `models promote|rollback|decisions`, `scheduler`: said in words."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fink_ad.config import Settings
from fink_ad.pipeline import run
from fink_ad.simulate import simulate_night, write_night
from fink_ad.sources.files import FilesSource
from fink_ad.store import NewDecision, Store


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("promotion")
    files = write_night(folder, simulate_night(20260302, n_objects=500, seed=4, nights=2)).alerts
    with Store.open(folder / "home") as store:
        for file in files:
            run(FilesSource([file]), store, Settings(home=folder / "home"))
    return folder / "home"


def test_from_a_new_model_to_force_and_back(fink_ad: Callable, trained: Path) -> None:
    ours = ("--survey", "ztf", "--population", "transient")
    done = fink_ad("retrain", *ours, "--dry-run", "--json", at=trained)
    (dry,) = done.json
    assert dry["verdict"] == "not enough evidence"
    assert fink_ad("models", "decisions", "--json", at=trained).json == []
    done = fink_ad("retrain", *ours, at=trained)
    assert "not enough evidence" in done.out
    assert f"fink-ad models promote {dry['contender'][:12]}" in done.out
    done = fink_ad("models", "promote", dry["contender"][:12], "--by", "ada [bold]", at=trained)
    assert "is in force, by ada [bold]" in done.out
    done = fink_ad("models", "rollback", *ours, "--by", "ada", at=trained)
    assert f"{dry['incumbent'][:12]} is in force" in done.out
    told = fink_ad("models", "decisions", "--json", at=trained).json
    verdicts = ["rolled back", "promoted", "not enough evidence"]
    assert [one["verdict"] for one in told] == verdicts
    said = fink_ad("models", "decisions", at=trained).out
    assert f"{dry['incumbent'][:12]}: rolled back by ada" in said
    assert f"instead of {dry['contender'][:12]}" in said
    listed = {one["id"]: one for one in fink_ad("models", "list", "--json", at=trained).json}
    assert listed[dry["contender"]]["verdict"] == "taken back"
    assert listed[dry["incumbent"]]["verdict"] != "rolled back"
    assert listed[dry["contender"]]["active_since"] is None
    assert listed[dry["incumbent"]]["active_since"].startswith("20")
    assert "active since" in fink_ad("models", "list", at=trained).out


def test_decisions_are_told_with_their_figures(fink_ad: Callable, trained: Path) -> None:
    held_back = {
        "contender": {"average_precision": 0.75, "precision_30": 0.5},
        "incumbent": {"average_precision": 0.7, "precision_30": None},
        "baseline": {"average_precision": 0.25},
    }
    with Store.open(trained) as store:
        active = store.active_model("ztf", "transient")
        assert active is not None
        ours = NewDecision(active.revision.id, None, "ztf", "transient", "not promoted", "gate")
        counts = {"n_answers": 200, "n_anomalies": 60, "imports": ["old[/]"]}
        store.add_decision(replace(ours, figures={"held_back": held_back, **counts}))
        failed = {"failures": ["overlap 0.01 is below learn.floor_overlap"]}
        store.add_decision(replace(ours, by="learner", figures=failed))
    said = fink_ad("models", "decisions", at=trained).out
    assert "200 answers, 60 anomalies" in said
    assert "average precision: 0.750 contender, 0.700 incumbent, 0.250 baseline" in said
    assert "precision among the first 30: 0.500 contender\n" in said
    assert "nobody vouched for: old[/]" in said
    assert "below learn.floor_overlap" in said


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("retrain", "--survey", "atlas"), 2, "'atlas' is not one of"),
        (
            ("retrain", "--survey", "lsst", "--population", "transient"),
            1,
            "no lsst transient model",
        ),
        (("retrain", "--learner", "oracle"), 2, "'oracle' is not one of"),
        (("retrain", "--learner", "aad"), 2, "set forest.learner"),
        (("retrain", "--force", "--by", "gate"), 2, "'gate' is no person"),
        (("models", "rollback", "--by", "learner"), 2, "'learner' is no person"),
        (("models", "promote", "ffff"), 1, "no model revision in the store begins with 'ffff'"),
        (("models", "rollback", "--survey", "lsst"), 1, "no earlier lsst transient model"),
        (("scheduler", "--run", "retrian"), 2, "the nearest known one is 'retrain'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    fink_ad: Callable, trained: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = fink_ad(*arguments, at=trained)
    assert done.code == code
    assert said in done.err


def test_the_jobs_are_listed_and_done_once_by_hand(fink_ad: Callable, trained: Path) -> None:
    done = fink_ad("scheduler", "--run", "drift", "--json", at=trained)
    assert done.json["outcome"] == "done"
    jobs = {one["name"]: one for one in fink_ad("scheduler", "--list", "--json", at=trained).json}
    assert jobs["drift"]["last_outcome"] == "done"
    assert jobs["retrain"]["last_outcome"] is None
    assert jobs["retrain"]["next"].endswith("16:30+00:00")
    assert "retrain" in fink_ad("scheduler", "--list", at=trained).out
