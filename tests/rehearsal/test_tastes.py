"""Two reviewers who want different things: each one's own model serves that one better."""

from pathlib import Path

from fink_ad.config import Settings
from fink_ad.forest import Model
from fink_ad.pipeline import run
from fink_ad.rehearsal import Oracle, Season, Sitting, rank_night, rehearsal_settings
from fink_ad.simulate import simulate_night
from fink_ad.sources.files import FilesSource
from fink_ad.store import Store

NIGHT = 20260302
TASTES = {
    "transients": ("slow_riser", "superluminous_supernova", "tidal_disruption_event"),
    "variables": ("r_crb", "dwarf_nova"),
}
PLANTED = dict.fromkeys((*TASTES["transients"], *TASTES["variables"]), 15)


def a_night(folder: Path, seed: int) -> Season:
    simulated = simulate_night(NIGHT, n_objects=800, inject=PLANTED, seed=seed)
    return Season.write(folder, [simulated])


def ran(season: Season, home: Path) -> Settings:
    settings = rehearsal_settings(Settings(), home)
    with Store.open(home) as store:
        run(FilesSource(list(season.nights.values())), store, settings)
    return settings


def n_wanted(model: Model, season: Season, home: Path, taste: str) -> int:
    """Count what is to a taste among the first 30 of a night that nobody answered about."""
    with Store.open(home) as store:
        ranked = rank_night(store, model, NIGHT).object_ids[:30].tolist()
    return sum(season.kinds[one] in TASTES[taste] for one in ranked)


def test_a_personal_model_serves_its_reviewer_better_than_the_shared_one(tmp_path: Path) -> None:
    season = a_night(tmp_path / "played", 28)
    settings = ran(season, tmp_path / "home")
    with Store.open(settings.home) as store:
        reviewers = {name: store.add_reviewer(name, personal=True) for name in TASTES}
        sitting = Sitting(store, settings, season)
        sitting.alerts_came()
        for _ in range(8):
            for name, reviewer in reviewers.items():
                oracle = Oracle.of(season.truth, 0.1, 0.1, taste=TASTES[name])
                assert len(sitting.answer(reviewer, oracle, 5, learn_every=5)) == 5
        labels = store.labels("ztf")
        shared = sitting.model()
        own = {name: sitting.model(reviewer) for name, reviewer in reviewers.items()}
    assert [label.reviewer_id for label in labels[:10]] == [
        one.id for one in reviewers.values() for _ in range(5)
    ]
    assert {name: model.reviewer for name, model in own.items()} == {one: one for one in TASTES}
    fresh = a_night(tmp_path / "fresh", 29)
    ran(fresh, tmp_path / "other")
    for taste, model in own.items():
        ours = n_wanted(model, fresh, tmp_path / "other", taste)
        everybodys = n_wanted(shared, fresh, tmp_path / "other", taste)
        assert ours > everybodys
