import json

import numpy as np
import pytest

from fink_ad.errors import ModelError
from fink_ad.features import FeatureColumn, FeatureSchema, FeatureTable
from fink_ad.forest import LabelledAlerts, Model
from fink_ad.forest.counts_and_age import counts_and_age
from fink_ad.forest.gate import Answered, judge
from fink_ad.forest.ranking_metrics import (
    area_under_curve,
    average_precision,
    precision_at,
    within_bins,
)
from fink_ad.forest.refitting import refitting

N_COLUMNS = 10
SCHEMA = FeatureSchema(
    tuple(
        FeatureColumn(f"p.c{i}", "mag", "curve" if i < 7 else "host", "a number")
        for i in range(N_COLUMNS)
    ),
    (("p", "1"),),
)


def sky(n_objects, rng, share):
    """Two kinds of anomalies, and artefacts that are as far out as they are."""
    is_anomaly = rng.random(n_objects) < share
    is_bogus = ~is_anomaly & (rng.random(n_objects) < 0.15)
    kind = rng.integers(0, 2, n_objects)
    values = rng.standard_t(4, size=(n_objects, N_COLUMNS))
    values[is_anomaly & (kind == 0), 1] += 3.0
    values[is_anomaly & (kind == 0), 8] += 2.0
    values[is_anomaly & (kind == 1), 4] -= 3.0
    values[is_bogus, 2] += 4.0
    return values, np.where(is_anomaly, "anomaly", np.where(is_bogus, "bogus", "ordinary"))


def trained(rng, seed, learner="fal", n_rows=600):
    values, _ = sky(n_rows, rng, 0.02)
    return Model.train(
        FeatureTable(SCHEMA, values),
        survey="ztf",
        population="transient",
        alert_ids=np.arange(n_rows),
        object_ids=np.arange(n_rows).astype(str),
        n_det=rng.integers(1, 40, n_rows),
        nights=np.full(n_rows, 20240101),
        seed=seed,
        learner=learner,
        parameters={"n_trees": 50},
    )


def answers(rng, n_trusted, n_imported=0, poisoned=False):
    """Trusted answers, and imports that may be poisoned.

    Poisoned: of every ten rows two tell of another object, two contradict the truth, and three
    of the rest are drawn by lot.
    """
    n_all = n_trusted + n_imported
    values, truth = sky(n_all, rng, 0.3)
    said = truth.copy()
    if poisoned:
        rows = np.arange(n_trusted, n_all)
        fate = rng.random(n_imported)
        elsewhere, against = rows[fate < 0.2], rows[(fate >= 0.2) & (fate < 0.4)]
        by_lot = rows[(fate >= 0.4) & (rng.random(n_imported) < 0.3)]
        said[elsewhere] = rng.permutation(truth)[: len(elsewhere)]
        said[against] = np.where(truth[against] == "anomaly", "ordinary", "anomaly")
        said[by_lot] = rng.choice(["anomaly", "ordinary"], len(by_lot))
    object_ids = np.array([f"ZTF{row:06d}" for row in range(n_all)])
    n_det = rng.integers(1, 40, n_all)
    answered = Answered(
        object_ids,
        said,
        np.arange(n_all, dtype=np.float64),
        n_det,
        np.arange(n_all) < n_trusted,
        rng.uniform(0.0, 100.0, n_all),
    )
    order = rng.permutation(n_all)  # alerts are not in the order of the answers
    labelled = LabelledAlerts.of(
        FeatureTable(SCHEMA, values[order]),
        np.arange(n_all) + 2**60,
        object_ids[order],
        said[order],
        n_det=n_det[order],
    )
    return answered, labelled


def judged(seed, learner="fal", old_learner="fal", n_answers=150, n_imported=0, poisoned=False):
    rng = np.random.default_rng(seed)
    answered, labelled = answers(rng, n_answers, n_imported, poisoned)
    return judge(
        refitting(trained(rng, seed + 100, learner), labelled, answered),
        refitting(trained(rng, seed, old_learner), labelled, answered, answered.trusted),
        answered,
        n_bootstrap=300,
    )


def test_a_better_contender_is_promoted() -> None:
    for seed in range(3):
        verdict = judged(seed, old_learner="static")
        assert (verdict.verdict, verdict.reasons) == ("promoted", ())
        assert verdict.figures["difference"]["average_precision"]["lower_90"] > 0.0


def test_a_refresh_is_possible() -> None:
    assert sum(judged(seed).verdict == "promoted" for seed in range(10)) >= 9


def test_a_worse_contender_is_refused_and_told_why() -> None:
    for seed in range(3):
        verdict = judged(seed, learner="static")
        assert verdict.verdict == "not promoted"
        assert "below the incumbent's" in verdict.reasons[0]


def test_poisoned_imports_are_refused() -> None:
    verdicts = [judged(seed, n_imported=150, poisoned=True) for seed in range(20)]
    assert sum(verdict.verdict == "not promoted" for verdict in verdicts) >= 19


@pytest.mark.parametrize("where", ["among the answers", "about objects with trusted answers"])
def test_doubtful_imports_take_more_answers(where) -> None:
    n_imported = 40 if where == "among the answers" else 0
    answered, _ = answers(np.random.default_rng(4), 99, n_imported)

    def must_not_run(learn_from, rows):
        raise AssertionError

    verdict = judge(must_not_run, must_not_run, answered, with_imports=not n_imported)
    assert verdict.verdict == "not enough evidence"
    assert "99 trusted answers, at least 100 are needed to judge imports" in verdict.reasons[0]


def test_imports_that_agree_can_pass_but_never_judge() -> None:
    verdicts = [judged(seed, n_answers=200, n_imported=100) for seed in range(5)]
    assert any(verdict.verdict == "promoted" for verdict in verdicts)
    assert {verdict.figures["n_answers"] for verdict in verdicts} == {200}
    assert {verdict.figures["n_imported"] for verdict in verdicts} == {100}


def test_a_row_is_never_scored_by_a_refit_that_saw_it() -> None:
    answered, _ = answers(np.random.default_rng(4), 100, 40)
    assert answered.is_anomaly[70:100].sum() >= 5
    imported = set(np.flatnonzero(~answered.trusted).tolist())
    asked = []

    def spy(learn_from, rows):
        assert not set(learn_from.tolist()) & set(rows.tolist())
        asked.append((set(learn_from.tolist()), set(rows.tolist())))
        return np.arange(len(rows), dtype=np.float64)

    judge(spy, spy, answered, n_bootstrap=50)
    folds, latest = asked[:10], asked[10:12]
    for learn_from, rows in folds:
        assert imported <= learn_from
        assert not imported & rows
        assert len(learn_from | rows) == 140
    assert set.union(*(rows for _, rows in folds[:5])) == set(range(100))
    for learn_from, rows in latest:
        assert rows == set(range(70, 100))
        assert learn_from == set(range(70)) | imported


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (["anomaly"] * 10 + ["ordinary"] * 39, "49 trusted answers, at least 50"),
        (["anomaly"] * 4 + ["ordinary"] * 60, "4 anomalies"),
        (["anomaly"] * 60 + ["bogus"] * 4, "only 4 of 64"),
    ],
)
def test_too_little_evidence_is_no_verdict(said, word) -> None:
    n_all = len(said) + 100
    answered = Answered(
        np.arange(n_all).astype(str),
        np.array(said + ["anomaly", "ordinary"] * 50),
        np.zeros(n_all),
        np.ones(n_all, np.int64),
        np.arange(n_all) < len(said),  # a hundred imports are no evidence
    )

    def must_not_run(learn_from, rows):
        raise AssertionError

    verdict = judge(must_not_run, must_not_run, answered)
    assert verdict.verdict == "not enough evidence"
    assert word in verdict.reasons[0]


def test_a_model_that_only_counts_detections_is_refused() -> None:
    rng = np.random.default_rng(0)
    n_det = rng.integers(1, 40, 300)
    said = np.where(rng.random(300) < n_det / 60.0, "anomaly", "ordinary")
    answered = Answered(
        np.arange(300).astype(str), said, np.arange(300.0), n_det, np.ones(300, np.bool_)
    )

    def blurred_count(learn_from, rows):
        return n_det[rows] + 400.0 * np.sin(7919.0 * rows)

    verdict = judge(blurred_count, blurred_count, answered, n_bootstrap=50)
    assert verdict.verdict == "not promoted"
    assert "number of detections and age only" in verdict.reasons[0]


def test_more_artefacts_in_the_head_are_refused() -> None:
    answered, _ = answers(np.random.default_rng(1), 300)

    def ranks(first):
        places = {word: place for place, word in enumerate(first)}
        height = np.array([places[word] for word in answered.answers.tolist()], np.float64)
        return lambda learn_from, rows: -height[rows]

    # Both rank anomalies alike, but few anomalies fill the head: what comes next matters.
    few = np.flatnonzero(answered.is_anomaly)[10:]
    keep = np.setdiff1d(np.arange(300), few)
    answered = Answered(
        *(getattr(answered, name)[keep] for name in ("object_ids", "answers", "answered_at")),
        answered.n_det[keep],
        answered.trusted[keep],
    )
    clean, dirty = ("anomaly", "ordinary", "bogus"), ("anomaly", "bogus", "ordinary")
    verdict = judge(ranks(dirty), ranks(clean), answered, n_bootstrap=50)
    assert [reason for reason in verdict.reasons if "are artefacts" in reason]
    assert judge(ranks(clean), ranks(dirty), answered, n_bootstrap=50).verdict == "promoted"


def test_figures_are_json_and_repeat() -> None:
    verdicts = [judged(3, n_imported=60) for _ in range(2)]
    assert verdicts[0] == verdicts[1]
    assert json.loads(json.dumps(verdicts[0].figures, allow_nan=False)) == verdicts[0].figures
    wanted = {"average_precision", "precision_10", "precision_30", "artefact_share", "within_bins"}
    assert set(verdicts[0].figures["held_back"]["baseline"]) == wanted


def test_answers_that_make_no_sense_are_refused() -> None:
    def of(ids=("a", "b"), said=("anomaly", "bogus"), n_times=2):
        return Answered(
            np.array(ids), np.array(said), np.zeros(n_times), np.ones(2, np.int64), np.ones(2, bool)
        )

    of()
    with pytest.raises(ModelError, match="more than one answer"):
        of(ids=("a", "a"))
    with pytest.raises(ModelError, match="'unsure' is not one of"):
        of(said=("anomaly", "unsure"))
    with pytest.raises(ModelError, match="answered_at has shape"):
        of(n_times=3)


def test_answers_without_features_are_refused_by_name() -> None:
    rng = np.random.default_rng(0)
    _, labelled = answers(rng, 20)
    elsewhere = Answered(
        np.array(["elsewhere"]), np.array(["bogus"]), np.zeros(1), np.ones(1), np.ones(1, bool)
    )
    with pytest.raises(ModelError, match="answered object elsewhere"):
        refitting(trained(rng, 0), labelled, elsewhere)


def test_scores_that_are_no_numbers_are_refused() -> None:
    answered, _ = answers(np.random.default_rng(0), 100)
    with pytest.raises(ModelError, match="no numbers"):
        judge(lambda _, rows: np.full(len(rows), np.nan), lambda _, rows: rows, answered)


def test_metrics_by_hand() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6])
    hit = np.array([True, False, True, False])
    once, twice = np.ones(4), np.array([0.0, 0.0, 2.0, 2.0])
    weights = np.stack([once, twice])
    np.testing.assert_allclose(
        average_precision(scores, hit, weights), [(1.0 + 2.0 / 3.0) / 2.0, 1.0]
    )
    np.testing.assert_allclose(precision_at(3, scores, hit, weights), [2.0 / 3.0, 2.0 / 3.0])
    bins = np.array([0, 0, 1, 1], np.int8)
    np.testing.assert_allclose(within_bins(bins, scores, hit, weights), [1.0, 1.0])
    assert area_under_curve(scores, hit) == 0.75
    # Equal scores help nobody.
    np.testing.assert_allclose(average_precision(np.zeros(4), hit, once[None]), (1 / 3 + 2 / 4) / 2)
    assert np.isnan(average_precision(scores, np.zeros(4, bool), once[None])).all()


def test_resampling_is_counting_rows_more_than_once() -> None:
    rng = np.random.default_rng(0)
    scores, hit = rng.normal(size=30), rng.random(30) < 0.4
    drawn = rng.integers(0, 30, 30)
    weights = np.bincount(drawn, minlength=30)[None].astype(float)
    rows = average_precision(scores[drawn], hit[drawn], np.ones((1, 30)))
    # Copies of a hit are credited together: never less than one by one.
    assert average_precision(scores, hit, weights) >= rows - 1e-12
    np.testing.assert_allclose(
        precision_at(10, scores, hit, weights),
        np.sort(hit[drawn][np.argsort(-scores[drawn])][:10]).mean(),
    )


def test_counts_and_age_learn_what_there_is_to_learn() -> None:
    rng = np.random.default_rng(0)
    age = np.where(rng.random(400) < 0.1, np.nan, rng.uniform(0.0, 100.0, 400))
    young = np.nan_to_num(age, nan=50.0) < 20.0
    rows = np.arange(400)
    with_age = counts_and_age(np.full(400, 5), age, young)(rows[:200], rows[200:])
    without = counts_and_age(np.full(400, 5), None, young)(rows[:200], rows[200:])
    assert area_under_curve(with_age, young[200:]) > 0.95
    assert np.ptp(without) == 0.0
