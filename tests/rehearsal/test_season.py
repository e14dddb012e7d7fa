"""A season end to end: simulated nights, answers, and planted anomalies that rise."""

from pathlib import Path
from statistics import mean

import numpy as np

from fink_ad.config import Settings
from fink_ad.forest import Model
from fink_ad.rehearsal import (
    climbs,
    play,
    rank_night,
    rehearsal_settings,
    season_figure,
    strangest_unlabelled,
)
from fink_ad.rehearsal.oracle import Oracle
from fink_ad.store import Store

from .conftest import Played, play_season


def test_what_nobody_answered_about_climbs_with_answers_about_its_class(played: Played) -> None:
    found = climbs(played.season, played.reports, played.settings)
    new = [one for one in found.objects if one.kind == "slow_riser" and not one.answered]
    assert len(new) >= 5
    assert mean(one.after for one in new) < 0.7 * mean(one.before for one in new)
    before, after = found.n_within(20)
    assert after > before


def test_every_answer_is_stored_once_about_what_was_shown(played: Played) -> None:
    with Store.open(played.settings.home) as store:
        labels = store.labels("ztf")
    shown = [one for report in played.reports for one in report.shown]
    assert [len(report.shown) for report in played.reports] == [20, 20]
    assert len({one.object_id for one in shown}) == 40
    assert [(one.object_id, one.alert_id, one.answer) for one in shown] == [
        (label.object_id, label.alert_id, label.answer) for label in labels
    ]
    assert {(label.channel, label.model_revision) for label in labels} == {
        ("rehearsal", report.model_revision) for report in played.reports
    }


def test_reports_agree_with_the_truth(played: Played) -> None:
    truth = played.simulated.truth.set_index("object_id")
    n_alerts = truth["alert_ids"].map(len).sum()
    assert sum(report.n_alerts for report in played.reports) == n_alerts
    assert played.season.planted_by_class() == {"r_crb": 10, "slow_riser": 20}
    assert 0 < played.reports[0].n_appeared <= played.reports[1].n_appeared <= 30
    for report in played.reports:
        for one in report.shown:
            assert one.kind == truth["class"][one.object_id]
            assert one.planted == truth["anomaly"][one.object_id]
        assert sum(report.found().values()) == sum(one.planted for one in report.shown)


def test_shown_are_the_strangest_by_the_model_in_force(played: Played) -> None:
    first = played.reports[0]
    with Store.open(played.settings.home) as store:
        model = Model.load(played.settings.home / "models" / first.model_revision)
        ranking = rank_night(store, model, first.night)
        assert len(set(ranking.object_ids)) == len(ranking)
        assert (ranking.scores[:-1] >= ranking.scores[1:]).all()
        assert [one.object_id for one in first.shown] == ranking.object_ids[:20].tolist()
        assert set(ranking.ranks({one.object_id for one in first.shown}).values()) == set(
            range(1, 21)
        )
        # By now they are answered, and the next in line come up.
        open_now = strangest_unlabelled(store, model, first.night, 3)
        answered = {label.object_id for label in store.labels("ztf")}
        expected = [one for one in ranking.object_ids if one not in answered][:3]
        assert [object_id for object_id, _ in open_now] == expected
        assert len(rank_night(store, model, 20200101)) == 0


def test_the_same_seed_gives_the_same_season(played: Played, tmp_path: Path) -> None:
    again = play_season(tmp_path)
    assert again.reports == played.reports


def test_a_control_does_not_learn_and_shows_nothing_twice(played: Played, tmp_path: Path) -> None:
    settings = rehearsal_settings(Settings(), tmp_path / "home")
    oracle = Oracle.of(played.simulated.truth)
    reports = list(play(played.season, oracle, settings, 20, learning=False))
    assert reports[0] == played.reports[0]
    assert reports[1].model_revision == reports[0].model_revision
    assert reports[1].model_revision != played.reports[1].model_revision
    assert len({one.object_id for report in reports for one in report.shown}) == 40


def test_a_wish_to_stop_ends_without_a_report_of_that_night(played: Played, tmp_path: Path) -> None:
    settings = rehearsal_settings(Settings(batch_size=100), tmp_path / "home")
    oracle = Oracle.of(played.simulated.truth)
    assert list(play(played.season, oracle, settings, should_stop=lambda: True)) == []


def test_the_curve_ends_at_what_was_found(played: Played) -> None:
    axes = season_figure({"learning": played.reports}).axes[0]
    curve, best = (np.asarray(line.get_xydata()) for line in axes.get_lines())
    n_found = sum(sum(report.found().values()) for report in played.reports)
    assert curve[-1].tolist() == [40, n_found]
    assert best[-1].tolist() == [40, min(40, played.reports[-1].n_appeared)]
    assert (np.diff(best, axis=0) >= 0).all()
    assert n_found <= best[-1, 1]


def test_settings_of_another_learner_do_not_come_along(tmp_path: Path) -> None:
    forest = {"learner": "aad", "parameters": {"tau": 0.9}, "seed": 7}
    base = Settings.model_validate({"forest": forest, "database_url": "sqlite:////x/y.sqlite3"})
    own = rehearsal_settings(base, tmp_path)
    assert (own.home, own.database_url) == (tmp_path, "")
    assert (own.forest.learner, own.forest.parameters, own.forest.seed) == ("fal", {}, 7)
    assert rehearsal_settings(base, tmp_path, "aad").forest == base.forest
