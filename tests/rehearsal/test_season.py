"""A season end to end: simulated nights, answers, and planted anomalies that rise."""

from itertools import pairwise
from pathlib import Path
from statistics import mean

import numpy as np

from fink_ad.config import Settings
from fink_ad.forest import Model
from fink_ad.rehearsal import (
    Oracle,
    climbs,
    play,
    rank_night,
    rehearsal_settings,
    season_figure,
)
from fink_ad.store import Store

from .conftest import Played, play_season


def test_what_nobody_answered_about_climbs_with_answers_about_its_class(played: Played) -> None:
    found = climbs(played.season, played.reports, played.settings)
    new = [one for one in found.objects if one.kind == "slow_riser" and not one.answered]
    assert len(new) >= 5
    assert mean(one.after for one in new) < 0.7 * mean(one.before for one in new)
    before, after = found.n_within(20)
    assert after > before


def test_every_answer_goes_through_queue_and_labels_and_makes_a_new_order(played: Played) -> None:
    with Store.open(played.settings.home) as store:
        labels, showings = store.labels("ztf"), store.showings()
        order = store.latest_order("ztf", "transient")
    shown = [one for report in played.reports for one in report.shown]
    assert [len(report.shown) for report in played.reports] == [20, 20]
    told = [(one.object_id, one.alert_id) for one in shown]
    assert told == [(one.object_id, one.alert_id) for one in labels]
    assert told == [(one.object_id, one.alert_id) for one in showings]
    assert [one.answer for one in shown] == [label.answer for label in labels]
    assert [one.draw for one in shown] == [showing.draw for showing in showings]
    assert {label.channel for label in labels} == {"rehearsal"}
    # Nobody was unsure: each answer teaches, so the next is asked under another revision.
    revisions = [label.model_revision for label in labels]
    assert all(one != after for one, after in pairwise(revisions))
    assert revisions[::20] == [report.model_revision for report in played.reports]
    assert order is not None
    assert order.label_position == labels[-1].id


def test_first_shown_are_counted_once(played: Played) -> None:
    seen: set[str] = set()
    for report in played.reports:
        for one in report.shown:
            assert one.first == (one.object_id not in seen)
            assert one.first or one.draw in ("repeat", "returned")
            seen.add(one.object_id)


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
        assert sum(report.found().values()) == sum(
            one.planted and one.first for one in report.shown
        )


def test_the_night_is_ranked_by_the_model_in_force_before_its_answers(played: Played) -> None:
    first, second = played.reports
    with Store.open(played.settings.home) as store:
        models = [
            Model.load(played.settings.home / "models" / report.model_revision)
            for report in played.reports
        ]
        rankings = [
            rank_night(store, model, report.night)
            for model, report in zip(models, played.reports, strict=True)
        ]
        assert len(rank_night(store, models[0], 20200101)) == 0
    for ranking in rankings:
        assert len(set(ranking.object_ids)) == len(ranking)
        assert (ranking.scores[:-1] >= ranking.scores[1:]).all()
    assert (first.shown[0].draw, first.shown[0].object_id) == ("top", rankings[0].object_ids[0])
    answered = {one.object_id for one in first.shown}
    left = [one for one in rankings[1].object_ids if one not in answered]
    assert rankings[1].without(answered).object_ids.tolist() == left
    kinds, planted = played.season.kinds, played.season.planted
    assert second.ahead == tuple((kinds[one], one in planted) for one in left[:30])
    assert second.precision(10) == sum(one in planted for one in left[:10]) / 10
    artefacts = sum(kinds[one] in ("bogus", "bad_subtraction") for one in left[:30])
    assert second.artefact_share() == artefacts / 30
    wanted = rankings[0].object_ids[[2, 5]]
    assert rankings[0].ranks(wanted) == {wanted[0]: 3, wanted[1]: 6}


def test_the_same_seed_gives_the_same_season(played: Played, tmp_path: Path) -> None:
    again = play_season(tmp_path)
    assert again.reports == played.reports


def test_a_control_does_not_learn(played: Played, tmp_path: Path) -> None:
    settings = rehearsal_settings(Settings(), tmp_path / "home")
    oracle = Oracle.of(played.simulated.truth)
    reports = list(play(played.season, oracle, settings, 20, learning=False))
    assert reports[0].ahead == played.reports[0].ahead
    assert reports[0].shown[0] == played.reports[0].shown[0]
    assert {report.model_revision for report in reports} == {played.reports[0].model_revision}
    assert sum(len(report.shown) for report in reports) == 40


def test_answers_in_batches_make_an_order_each_and_retraining_is_told(
    played: Played, tmp_path: Path
) -> None:
    settings = rehearsal_settings(Settings(), tmp_path / "home")
    oracle = Oracle.of(played.simulated.truth, unsure=0.2)
    reports = list(play(played.season, oracle, settings, 12, learn_every=5, retraining=True))
    with Store.open(settings.home) as store:
        revisions = [label.model_revision for label in store.labels("ztf")]
        decisions = store.decisions("ztf", "transient")
    assert len(revisions) == 24
    for night in (revisions[:12], revisions[12:]):
        assert len(set(night[:5])) == len(set(night[5:10])) == len(set(night[10:])) == 1
        assert len({night[0], night[5], night[10]}) == 3
    told = [report.retrained.verdict for report in reports if report.retrained is not None]
    # One night gives the reference it gave before, and 24 answers are too few to judge by.
    assert told == ["nothing new", "not enough evidence"]
    assert [one.verdict for one in decisions] == ["not enough evidence"]


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
