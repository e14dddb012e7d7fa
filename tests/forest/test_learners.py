import inspect
import warnings

import numpy as np
import pytest
from coniferest.aadforest import AADForest
from scipy.stats import spearmanr
from sklearn.ensemble import IsolationForest

from fink_ad.errors import ModelError
from fink_ad.forest.learners import LEARNERS, AadForest, Labels, StaticForest, learner_named

FEW = {"n_trees": 50}
EVENLY = {"group_first": False}


@pytest.fixture(scope="module")
def values():
    return np.random.default_rng(5).normal(size=(1500, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def groups():
    return list("aaaabb")


@pytest.fixture(scope="module")
def labels(values):
    """Interesting is what lies high in column 4."""
    rows = values[:40]
    return Labels(rows, np.where(rows[:, 4] > 0.5, 1, -1).astype(np.int8))


@pytest.fixture(params=sorted(LEARNERS))
def learner(request):
    return LEARNERS[request.param]


class TestEveryLearner:
    def test_golden_sign_the_far_out_row_is_strangest(self, learner, values, groups):
        far = np.vstack([values, np.full((1, 6), 9.0, np.float32)])
        scores = learner.fit(far, groups, None, 0, FEW).score(far)
        assert scores.argmax() == len(values)

    def test_equal_seed_equal_scores(self, learner, values, groups, labels):
        scores = [
            learner.fit(values, groups, labels, seed, FEW).score(values) for seed in (1, 1, 2)
        ]
        np.testing.assert_array_equal(scores[0], scores[1])
        assert not np.array_equal(scores[0], scores[2])

    def test_arrays_and_parameters_make_it_again(self, learner, values, groups, labels):
        fitted = learner.fit(values, groups, labels, 0, FEW)
        again = learner.from_arrays(fitted.to_arrays(), fitted.parameters, 6)
        np.testing.assert_array_equal(again.score(values), fitted.score(values))
        np.testing.assert_array_equal(again.leaves(values), fitted.leaves(values))
        assert again.parameters == fitted.parameters

    def test_leaves_are_of_every_tree(self, learner, values, groups):
        leaves = learner.fit(values, groups, None, 0, FEW).leaves(values[:10])
        assert leaves.shape == (10, 50)
        assert leaves.dtype == np.int32
        assert (np.diff(leaves, axis=1) > 0).all()  # numbered over all trees

    def test_fewer_rows_than_the_subsample(self, learner, groups, values):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            scores = learner.fit(values[:20], groups, None, 0, FEW).score(values)
        assert np.isfinite(scores).all()

    def test_rows_all_alike_score_alike(self, learner, groups):
        same = np.ones((300, 6), np.float32)
        scores = learner.fit(same, groups, None, 0, FEW).score(same)
        assert np.isfinite(scores).all()
        assert np.ptp(scores) == 0.0

    def test_memory_order_does_not_matter(self, learner, values, groups):
        fitted = learner.fit(values, groups, None, 0, FEW)
        fortran = np.asfortranarray(values)
        np.testing.assert_array_equal(fitted.score(fortran), fitted.score(values))
        again = learner.fit(fortran, groups, None, 0, FEW)
        np.testing.assert_array_equal(again.score(values), fitted.score(values))

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"trees": 5}, "no parameter 'trees'"),
            ({"n_trees": 0}, "n_trees"),
            ({"n_trees": 10.0}, "n_trees"),
            ({"max_depth": True}, "max_depth"),
            ({"group_first": 1}, "group_first"),
        ],
    )
    def test_impossible_parameters_are_named(self, learner, values, groups, parameters, message):
        with pytest.raises(ModelError, match=message):
            learner.fit(values, groups, None, 0, parameters)


class TestStaticForest:
    def test_ranks_like_the_textbook_forest(self):
        values = np.random.default_rng(1).standard_t(3, size=(2000, 8)).astype(np.float32)
        ours = StaticForest.fit(values, ["x"] * 8, None, 0, EVENLY).score(values)
        others = IsolationForest(n_estimators=300, max_samples=256, random_state=0)
        theirs = -others.fit(values).score_samples(values)
        # Two seeds of either forest agree to about 0.975.
        assert spearmanr(ours, theirs).statistic > 0.96
        assert np.median(ours - theirs) == pytest.approx(0.0, abs=0.005)

    def test_scores_lie_between_zero_and_one(self, values, groups):
        scores = StaticForest.fit(values, groups, None, 0, {}).score(values)
        assert scores.min() > 0.0
        assert scores.max() < 1.0

    def test_one_row(self, values, groups):
        scores = StaticForest.fit(values[:1], groups, None, 0, {}).score(values)
        assert np.isfinite(scores).all()

    def test_few_telling_columns_are_not_drowned_by_many(self):
        rng = np.random.default_rng(0)
        values = rng.normal(size=(2000, 31)).astype(np.float32)
        values[:20, 30] += 6.0
        groups = ["many"] * 30 + ["one"]
        found = {}
        for group_first in (True, False):
            forest = StaticForest.fit(values, groups, None, 0, {"group_first": group_first})
            head = np.argsort(-forest.score(values))[:20]
            found[group_first] = int((head < 20).sum())
        assert found[True] >= 18
        assert found[False] < found[True]


class TestAadForest:
    def test_scores_equal_the_library_with_the_sign_turned(self, values, groups, labels):
        theirs = AADForest(
            n_trees=50,
            n_subsamples=256,
            max_depth=8,
            budget="auto",
            C_a=1.0,
            C_n=1.0,
            prior_influence=0.0,
            n_jobs=1,
            random_seed=3,
            map_value="reciprocal",
        )
        theirs.fit_known(values, labels.values, -labels.targets.astype(np.int64))
        ours = AadForest.fit(values, groups, labels, 3, {**FEW, **EVENLY})
        np.testing.assert_allclose(ours.score(values), -theirs.score_samples(values), atol=1e-12)

    def test_answers_raise_what_was_called_interesting(self, values, groups, labels):
        unseen = values[40:]
        interesting = unseen[:, 4] > 0.5
        ranks = {}
        for name, answers in (("without", None), ("with", labels)):
            scores = AadForest.fit(values, groups, answers, 0, FEW).score(unseen)
            ranks[name] = scores.argsort().argsort()[interesting].mean() / len(unseen)
        assert ranks["with"] > 0.7
        assert ranks["without"] < 0.6

    def test_answers_in_another_order_give_the_same_ranking(self, values, groups, labels):
        turned = Labels(labels.values[::-1].copy(), labels.targets[::-1].copy())
        scores = [AadForest.fit(values, groups, t, 0, FEW).score(values) for t in (labels, turned)]
        assert spearmanr(*scores).statistic > 0.9999

    @pytest.mark.parametrize("target", [-1, 1])
    def test_answers_of_one_kind(self, values, groups, target):
        answers = Labels(values[:5], np.full(5, target, np.int8))
        assert np.isfinite(AadForest.fit(values, groups, answers, 0, FEW).score(values)).all()

    def test_contrary_answers_about_equal_rows_cancel(self, values, groups, labels):
        twice = Labels(
            np.vstack([values[50:51], values[50:51], labels.values]),
            np.concatenate([[1, -1], labels.targets]).astype(np.int8),
        )
        only = Labels(twice.values[:2], twice.targets[:2])
        scores = {
            name: AadForest.fit(values, groups, answers, 0, FEW).score(values)
            for name, answers in (("both", twice), ("l", labels), ("only", only), ("none", None))
        }
        np.testing.assert_array_equal(scores["both"], scores["l"])
        np.testing.assert_array_equal(scores["only"], scores["none"])

    def test_groups_share_the_splits(self, values):
        wide = np.hstack([values] * 4)
        groups = ["many"] * 23 + ["one"]
        forest = AadForest.fit(wide, groups, None, 0, {}).forest
        split = forest.feature[forest.left != np.arange(len(forest.left))]
        assert (split == 23).mean() == pytest.approx(0.5, abs=0.03)

    def test_one_row_is_too_few(self, values, groups):
        with pytest.raises(ModelError, match="at least 2 alerts"):
            AadForest.fit(values[:1], groups, None, 0, FEW)

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"budget": 1.5}, "budget"),
            ({"budget": "some"}, "budget"),
            ({"budget": 0}, "budget"),
            ({"C_a": -1.0}, "C_a"),
            ({"prior_influence": np.inf}, "prior_influence"),
            ({"C_n": "1"}, "C_n"),
            ({"map_value": "square"}, "map_value"),
        ],
    )
    def test_impossible_parameters_are_named(self, values, groups, parameters, message):
        with pytest.raises(ModelError, match=message):
            AadForest.fit(values, groups, None, 0, parameters)

    @pytest.mark.parametrize("budget", [0.03, 10, "auto"])
    @pytest.mark.parametrize("map_value", ["const", "exponential", "linear", "reciprocal"])
    def test_every_kind_of_parameter_gives_finite_scores(
        self, values, groups, labels, budget, map_value
    ):
        parameters = {**FEW, "budget": budget, "map_value": map_value, "prior_influence": 1.0}
        scores = AadForest.fit(values, groups, labels, 0, parameters).score(values)
        assert np.isfinite(scores).all()

    def test_a_panic_of_the_library_is_a_model_error(self, values, groups):
        poisoned = values.copy()
        poisoned[:, 0] = np.inf  # the model never lets this through; a panic it is
        poisoned[::2, 0] = -np.inf
        with pytest.raises(ModelError, match="coniferest broke down"):
            AadForest.fit(poisoned, groups, None, 0, FEW)

    def test_every_parameter_of_the_library_is_ours_to_give(self):
        theirs = set(inspect.signature(AADForest).parameters)
        fixed = {"n_jobs", "random_seed", "sampletrees_per_batch", "n_subsamples"}
        assert theirs - fixed == set(AadForest.defaults) - {"group_first", "subsample", "peers"}


class TestLabels:
    @pytest.mark.parametrize("wrong", [0, 2, -2])
    def test_other_targets_are_refused(self, values, wrong):
        with pytest.raises(ModelError, match="use \\+1 for an anomaly"):
            Labels(values[:2], np.array([1, wrong], np.int8))

    def test_lengths_must_agree(self, values):
        with pytest.raises(ModelError, match="2 labels for 3 rows"):
            Labels(values[:3], np.array([1, -1], np.int8))


def test_unknown_learner_names_the_known_ones():
    with pytest.raises(ModelError, match="no learner 'magic'; there are aad, fal, pine, static"):
        learner_named("magic")
