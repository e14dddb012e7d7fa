import json

import numpy as np
import pytest

from fink_ad.errors import ModelError
from fink_ad.features import FeatureColumn, FeatureSchema, FeatureTable
from fink_ad.forest import LabelledAlerts, Model
from fink_ad.forest.counts_and_age import counts_and_age
from fink_ad.forest.gate import Answered, Claims, judge
from fink_ad.forest.ranking_metrics import (
    area_under_curve,
    average_precision,
    place_among_peers,
    precision_at,
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


@pytest.mark.slow
def test_poisoned_imports_are_refused() -> None:
    verdicts = [judged(seed, n_imported=150, poisoned=True) for seed in range(20)]
    assert sum(verdict.verdict == "not promoted" for verdict in verdicts) >= 19


@pytest.mark.parametrize("where", ["among the answers", "about objects with trusted answers"])
def test_doubtful_imports_take_more_answers(where) -> None:
    n_imported = 40 if where == "among the answers" else 0
    answered, _ = answers(np.random.default_rng(4), 99, n_imported)

    def must_not_run(learn_from, rows):
        raise AssertionError

    claims = None if n_imported else Claims(np.arange(9), np.ones(9, bool), np.full(9, "import"))
    verdict = judge(must_not_run, must_not_run, answered, claims=claims)
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
        (["anomaly"] * 14 + ["ordinary"] * 60, "14 anomalies"),
        (["anomaly"] * 60 + ["bogus"] * 14, "14 others"),
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


@pytest.mark.parametrize("amplitude", [0.01, 1.0, 5.0, 400.0])
def test_a_model_that_only_counts_detections_is_refused(amplitude) -> None:
    promoted = 0
    for seed in range(20):
        answered = by_counts(np.random.default_rng(seed))

        def counts(learn_from, rows, n_det=answered.n_det):
            return n_det[rows] + amplitude * np.sin(7919.0 * rows)

        verdict = judge(counts, counts, answered, n_bootstrap=100)
        promoted += verdict.verdict == "promoted"
        if verdict.verdict != "promoted":
            assert any("detections and age only" in one for one in verdict.reasons)
    assert promoted <= 1


def by_counts(rng, n=300):
    """Answers that depend on the number of detections."""
    n_det = rng.integers(1, 40, n)
    said = np.where(rng.random(n) < n_det / 60.0, "anomaly", "ordinary")
    return Answered(np.arange(n).astype(str), said, np.arange(n * 1.0), n_det, np.ones(n, bool))


def test_a_model_that_tells_less_among_alerts_with_as_many_detections_is_refused() -> None:
    """It ranks all alerts together as well as the model in force, partly by counts alone."""
    refused = alone = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        n_det = rng.choice([1, 3, 6, 12, 20], 300)
        share = {1: 0.05, 3: 0.1, 6: 0.2, 12: 0.45, 20: 0.6}
        said = rng.random(300) < np.vectorize(share.get)(n_det)
        answered = Answered(
            np.arange(300).astype(str),
            np.where(said, "anomaly", "ordinary"),
            np.arange(300.0),
            n_det,
            np.ones(300, bool),
        )
        incumbent = 1.6 * said + rng.normal(size=300)
        contender = 0.8 * said + rng.normal(size=300) + np.log(n_det)
        verdict = judge(
            lambda _, rows, s=contender: s[rows],
            lambda _, rows, s=incumbent: s[rows],
            answered,
            n_bootstrap=100,
        )
        among = "average precision of held-back answers, among alerts with as many detections"
        refused += any(among in one for one in verdict.reasons)
        alone += len(verdict.reasons) == 1
    assert refused >= 9
    assert alone >= 1


def test_more_artefacts_in_the_head_are_refused() -> None:
    answered, _ = answers(np.random.default_rng(1), 300)

    def ranks(first):
        places = {word: place for place, word in enumerate(first)}
        height = np.array([places[word] for word in answered.answers.tolist()], np.float64)
        return lambda learn_from, rows: -height[rows]

    # Both rank anomalies alike, but few anomalies fill the head: what comes next matters.
    few = np.flatnonzero(answered.is_anomaly)[16:]
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
    wanted = {"average_precision", "precision_10", "precision_30", "artefact_share"}
    wanted |= {f"{name}_within_bins" for name in wanted}
    assert set(verdicts[0].figures["held_back"]["contender"]) == wanted
    assert set(verdicts[0].figures["agreement"]) == {"import"}


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
    np.testing.assert_allclose(place_among_peers(bins, scores), [0.75, 0.25, 0.75, 0.25])
    np.testing.assert_allclose(place_among_peers(bins, np.ones(4)), 0.5)
    assert area_under_curve(scores, hit) == 0.75
    assert np.isnan(average_precision(scores, np.zeros(4, bool), once[None])).all()


def test_equal_scores_and_copies_stand_in_no_order() -> None:
    """Figures are the mean over all orders of equal rows."""
    rng = np.random.default_rng(0)
    scores, hit = rng.integers(0, 6, 30) * 1.0, rng.random(30) < 0.4
    drawn = rng.integers(0, 30, 30)
    weights = np.bincount(drawn, minlength=30)[None].astype(float)
    found = {"average_precision": [], "precision_10": []}
    for _ in range(4000):
        order = np.lexsort((rng.random(30), -scores[drawn]))
        ranked = hit[drawn][order]
        precision = np.cumsum(ranked) / np.arange(1, 31)
        found["average_precision"].append(precision[ranked].mean())
        found["precision_10"].append(ranked[:10].mean())
    means = {name: np.mean(values) for name, values in found.items()}
    np.testing.assert_allclose(
        average_precision(scores, hit, weights), means["average_precision"], atol=0.004
    )
    np.testing.assert_allclose(
        precision_at(10, scores, hit, weights), means["precision_10"], atol=0.004
    )


def test_counts_and_age_learn_what_there_is_to_learn() -> None:
    rng = np.random.default_rng(0)
    age = np.where(rng.random(400) < 0.1, np.nan, rng.uniform(0.0, 100.0, 400))
    young = np.nan_to_num(age, nan=50.0) < 20.0
    rows = np.arange(400)
    with_age = counts_and_age(np.full(400, 5), age, young)[0](rows[:200], rows[200:])
    without = counts_and_age(np.full(400, 5), None, young)[0](rows[:200], rows[200:])
    assert area_under_curve(with_age, young[200:]) > 0.95
    assert np.ptp(without) == 0.0
