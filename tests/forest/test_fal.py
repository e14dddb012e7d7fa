import threading

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import spearmanr
from threadpoolctl import threadpool_limits

from fink_ad.errors import ModelError
from fink_ad.forest.leaf_kernel import kernel_matrix, path_codes
from fink_ad.forest.learners import ForestActiveLearner, Labels, StaticForest
from fink_ad.forest.ridge import Ridge
from fink_ad.forest.session import Session

GROUPS = list("aaaabb")
FEW = {"n_trees": 50, "n_vote_trees": 10}


@pytest.fixture(scope="module")
def values():
    return np.random.default_rng(5).normal(size=(1500, 6)).astype(np.float32)


@pytest.fixture(scope="module")
def labels(values):
    """Interesting is what lies high in column 4."""
    return Labels(values[:60], np.where(values[:60, 4] > 0.5, 1, -1).astype(np.int8))


def fit(values, labels, parameters=FEW, seed=0, **more):
    return ForestActiveLearner.fit(values, GROUPS, labels, seed, parameters, **more)


class TestWithoutAnswers:
    def test_it_ranks_as_the_isolation_forest_of_its_trees(self, values):
        fresh = np.random.default_rng(9).normal(size=(800, 6)).astype(np.float32) * 3
        ours = fit(values, None, {"n_trees": 300}).score(fresh)
        static = StaticForest.fit(values, GROUPS, None, 0, {}).score(fresh)
        assert_array_equal(np.argsort(ours), np.argsort(static))

    def test_stranger_than_all_the_reference_still_counts(self, values):
        learner = fit(values, None, {"n_trees": 300})
        far = np.outer([4.0, 6.0, 9.0], np.ones(6)).astype(np.float32)
        far[0, :3] = far[1, :2] = 0.0
        assert (np.diff(learner.score(far)) > 0).all()


class TestAnswers:
    def test_they_raise_what_was_called_interesting(self, values, labels):
        unseen = values[60:]
        interesting = unseen[:, 4] > 0.5
        ranks = {
            name: fit(values, answers).score(unseen).argsort().argsort()[interesting].mean()
            for name, answers in (("with", labels), ("without", None))
        }
        assert ranks["with"] > 0.75 * len(unseen)
        assert ranks["without"] < 0.6 * len(unseen)

    def test_their_order_does_not_matter_at_all(self, values, labels):
        order = np.random.default_rng(0).permutation(60)
        turned = Labels(labels.values[order], labels.targets[order])
        assert_array_equal(fit(values, labels).score(values), fit(values, turned).score(values))

    def test_the_number_of_threads_does_not_matter_at_all(self, values):
        many = Labels(values[:600], np.where(values[:600, 4] > 0.5, 1, -1).astype(np.int8))
        with threadpool_limits(1):
            alone = fit(values, many).score(values)
        assert_array_equal(fit(values, many).score(values), alone)
        found = {}
        threads = [
            threading.Thread(target=lambda i=i: found.update({i: fit(values, many).score(values)}))
            for i in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert_array_equal(found[0], alone)
        assert_array_equal(found[1], alone)

    def test_an_unsure_answer_moves_less(self, values):
        before = fit(values, None).score(values[:1])[0]
        moved = {}
        for confidence in (1.0, 0.5, 0.1):
            answer = Labels(values[:1], np.array([-1], np.int8), np.array([confidence]))
            moved[confidence] = before - fit(values, answer).score(values[:1])[0]
        assert moved[1.0] > moved[0.5] > moved[0.1]

    def test_the_ridge_is_the_textbook_one(self, values, labels):
        """Kernel ridge regression written out, against what is scored through leaves."""
        learner = fit(values, labels, {**FEW, "vote_weight": 0.0})
        codes = path_codes(learner.trees)
        rows, known = (codes[learner.trees.leaves(v)] for v in (values, labels.values))
        prior, prior_known = (
            learner.prior(learner.trees.sum_leaf_values(v)) for v in (values, labels.values)
        )
        kernel = kernel_matrix(known, known, 8) + 0.1 * np.outer(prior_known, prior_known)
        weights = np.linalg.solve(kernel + 0.6 * np.eye(60), labels.targets - 0.5 * prior_known)
        across = kernel_matrix(rows, known, 8) + 0.1 * np.outer(prior, prior_known)
        assert_allclose(learner.score(values), 0.5 * prior + across @ weights, atol=1e-12)

    def test_the_vote_comes_with_the_first_anomaly(self, values, labels):
        ordinary = labels.targets < 0
        only = Labels(labels.values[ordinary], labels.targets[ordinary])
        assert fit(values, only).votes is None
        votes = fit(values, labels).votes
        added = votes.sum_leaf_values(labels.values)
        n_anomalies = (labels.targets > 0).sum()
        most = 2.0 * n_anomalies / (n_anomalies + 3.0)
        # The trees are grown until they tell all answers apart.
        assert_allclose(added[labels.targets > 0], most)
        assert_allclose(added[labels.targets < 0], 0.0)


class TestHardAnswers:
    @pytest.mark.parametrize("target", [-1, 1])
    def test_one_kind(self, values, target):
        answers = Labels(values[:5], np.full(5, target, np.int8))
        assert np.isfinite(fit(values, answers).score(values)).all()

    def test_contradictions_end_between_the_two(self, values):
        both = Labels(np.repeat(values[:1], 2, axis=0), np.array([1, -1], np.int8))
        no_vote = {**FEW, "vote_weight": 0.0}
        scores = [
            fit(values, answers, no_vote).score(values[:1])[0]
            for answers in (
                Labels(values[:1], np.array([-1], np.int8)),
                both,
                Labels(values[:1], np.array([1], np.int8)),
            )
        ]
        assert scores[0] < scores[1] < scores[2]
        assert np.isfinite(fit(values, both).score(values)).all()

    def test_everything_is_answered(self, values):
        answers = Labels(values, np.where(values[:, 4] > 1.5, 1, -1).astype(np.int8))
        assert np.isfinite(fit(values, answers).score(values)).all()

    def test_no_answers_in_the_list(self, values):
        none = Labels(values[:0], np.empty(0, np.int8))
        assert_array_equal(fit(values, none).score(values), fit(values, None).score(values))

    def test_of_too_many_the_anomalies_stay(self, values):
        answers = Labels(values[:300], np.where(values[:300, 4] > 1.5, 1, -1).astype(np.int8))
        fewer = fit(values, answers, {**FEW, "max_labels": 60})
        ranks = fewer.score(values[:300]).argsort().argsort()
        assert ranks[answers.targets > 0].min() > 250
        turned = Labels(answers.values[::-1].copy(), answers.targets[::-1].copy())
        again = fit(values, turned, {**FEW, "max_labels": 60})
        assert_array_equal(again.score(values), fewer.score(values))

    def test_constant_columns_and_few_rows(self):
        table = np.zeros((3, 6), np.float32)
        table[:, 0] = [0, 1, 5]
        answers = Labels(table[:2], np.array([1, -1], np.int8))
        assert np.isfinite(fit(table, answers).score(table)).all()
        assert np.isfinite(fit(table[:1], answers).score(table)).all()

    def test_an_unsolvable_system_is_a_model_error(self):
        with pytest.raises(ModelError, match="2 answers cannot be solved"):
            Ridge.fit(np.array([[1.0, 2.0], [2.0, 1.0]]), np.zeros(2), np.ones(2))
        with pytest.raises(ModelError, match="no finite weights"):
            Ridge.fit(np.eye(2), np.ones(2), np.array([1.0, np.nan]))

    @pytest.mark.parametrize("wrong", [[0.0, 1.0], [1.5, 1.0], [np.nan, 1.0], [1.0]])
    def test_impossible_confidence_is_refused(self, values, wrong):
        with pytest.raises(ModelError, match="confidence of 2 labels"):
            Labels(values[:2], np.array([1, -1], np.int8), np.array(wrong))

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"max_depth": 9}, "max_depth is 9: give at most 8"),
            ({"noise": 0.0}, "noise must be"),
            ({"prior_weight": np.inf}, "prior_weight"),
            ({"vote_weight": "much"}, "vote_weight"),
            ({"peers": 1}, "peers"),
        ],
    )
    def test_impossible_parameters_are_named(self, values, parameters, message):
        with pytest.raises(ModelError, match=message):
            fit(values, None, parameters)


class TestStoredForm:
    def test_it_scores_and_explains_the_same(self, values, labels):
        learner = fit(values, labels)
        again = ForestActiveLearner.from_arrays(learner.to_arrays(), learner.parameters, 6)
        assert_array_equal(again.score(values), learner.score(values))
        assert_array_equal(again.contributions(values), learner.contributions(values))

    @pytest.mark.parametrize("name", ["slope", "learned", "prior.knots", "trees.left"])
    def test_a_missing_part_is_refused(self, values, labels, name):
        arrays = fit(values, labels).to_arrays()
        del arrays[name]
        with pytest.raises(ModelError):
            ForestActiveLearner.from_arrays(arrays, {}, 6)


class TestExplanation:
    @pytest.mark.parametrize("answered", [True, False])
    def test_contributions_add_up_to_the_difference_from_the_mean(self, values, labels, answered):
        learner = fit(values, labels if answered else None)
        scores = learner.score(values)
        shares = learner.contributions(values)
        assert_allclose(shares.sum(axis=1), scores - scores.mean(), atol=1e-9, rtol=0)
        far = 5.0 * np.eye(6, dtype=np.float32)
        difference = learner.score(far) - scores.mean()
        assert_allclose(learner.contributions(far).sum(axis=1), difference, atol=1e-9, rtol=0)

    @pytest.mark.parametrize("answered", [True, False])
    def test_two_columns_planted_in_ordinary_rows_come_first(self, answered):
        rng = np.random.default_rng(0)
        values = rng.normal(size=(2000, 12)).astype(np.float32)
        asked = Labels(values[:30], np.full(30, -1, np.int8)) if answered else None
        learner = ForestActiveLearner.fit(values, ["g"] * 12, asked, 0, {})
        pairs = np.array([rng.choice(12, 2, replace=False) for _ in range(100)])
        ordinary = np.argsort(learner.score(values))[:1000]
        rows = values[rng.choice(ordinary, 100, replace=False)]
        rows[np.arange(100)[:, None], pairs] = 6.0 * rng.choice([-1, 1], (100, 2))
        first = np.argsort(-learner.contributions(rows), axis=1)[:, :2]
        named = (np.sort(first, axis=1) == np.sort(pairs, axis=1)).all(axis=1)
        assert named.sum() >= 95


class TestPeers:
    def test_the_prior_is_a_rank_among_peers(self, values):
        """Rows with few points are all spread wide; only among themselves do they differ."""
        wide = values.copy()
        wide[:500] *= 4.0
        bins = np.where(np.arange(1500) < 500, 0, 4).astype(np.int8)
        alike = fit(wide, None, {**FEW, "peers": True}, bins=bins).score(wide, bins)
        among_all = fit(wide, None, FEW).score(wide)
        assert (among_all.argsort()[-100:] < 500).mean() > 0.9
        assert (alike.argsort()[-100:] < 500).mean() == pytest.approx(1 / 3, abs=0.05)

    @pytest.mark.parametrize("learner", ["static", "aad", "pine", "fal"])
    def test_every_learner_can(self, learner, values):
        from fink_ad.forest.learners import learner_named

        wide = values.copy()
        wide[:500] *= 4.0
        bins = np.where(np.arange(1500) < 500, 0, 4).astype(np.int8)
        labels = Labels(wide[:4], np.array([1, -1, 1, -1], np.int8), bins=bins[:4])
        parameters = {"n_trees": 50, "peers": True}
        fitted = learner_named(learner).fit(wide, GROUPS, labels, 0, parameters, bins)
        again = learner_named(learner).from_arrays(fitted.to_arrays(), fitted.parameters, 6)
        assert_array_equal(again.score(wide, bins), fitted.score(wide, bins))
        with pytest.raises(ModelError, match="number of detections"):
            fitted.score(wide)
        with pytest.raises(ModelError, match="number of detections"):
            learner_named(learner).fit(wide, GROUPS, None, 0, parameters)


class TestSession:
    def test_it_learns_what_fitting_anew_learns(self, values, labels):
        session = Session(values, GROUPS, 0, FEW)
        for n in (1, 7, 30, 60, 20):
            some = Labels(labels.values[:n], labels.targets[:n])
            learner = session.learn(some)
            anew = fit(values, some)
            assert_array_equal(learner.score(values), anew.score(values))
            assert_allclose(session.scores(), anew.score(values), atol=1e-12)

    def test_one_pick_is_the_strangest_that_is_open(self, values, labels):
        session = Session(values, GROUPS, 0, FEW)
        session.learn(labels)
        is_open = np.ones(len(values), np.bool_)
        first = session.pick(1, is_open)
        assert first == session.scores().argmax()
        is_open[first] = False
        assert session.pick(1, is_open) == np.argsort(-session.scores())[1]
        assert is_open.sum() == len(values) - 1

    @pytest.mark.parametrize("answered", [True, False])
    def test_a_batch_pretends_its_own_answers(self, values, labels, answered):
        """Against solving anew with the pretended answers among the real ones."""
        known = labels if answered else Labels(values[:0], np.empty(0, np.int8))
        session = Session(values, GROUPS, 0, FEW)
        learner = session.learn(known)
        is_open = np.ones(len(values), np.bool_)
        picks = session.pick(4, is_open)
        ground = fit(values, None)
        codes = path_codes(ground.trees)[ground.trees.leaves(values)]
        prior = ground.prior(ground.trees.sum_leaf_values(values))
        rows = np.concatenate([np.arange(len(known)), []]).astype(int)
        targets, noise = known.targets.astype(float), np.full(len(known), 0.6)
        votes = 0.0 if learner.votes is None else learner.votes.sum_leaf_values(values)
        for pick in picks:
            kernel = kernel_matrix(codes, codes[rows], 8) + 0.1 * np.outer(prior, prior[rows])
            weights = np.linalg.solve(kernel[rows] + np.diag(noise), targets - 0.5 * prior[rows])
            ridge = 0.5 * prior + kernel @ weights
            assert np.where(is_open, ridge + votes, -np.inf).argmax() == pick
            is_open[pick] = False
            pretended = 0.5 * np.clip(ridge[pick], -1, 1) - 0.5
            rows = np.append(rows, pick)
            targets = np.append(targets, pretended)
            noise = np.append(noise, 0.6 / max(abs(pretended), 0.1))

    def test_a_batch_ends_where_nothing_is_open(self, values):
        is_open = np.zeros(len(values), np.bool_)
        is_open[[3, 8]] = True
        picks = Session(values, GROUPS, 0, FEW).pick(10, is_open)
        assert sorted(picks.tolist()) == [3, 8]

    def test_a_pool_apart_from_the_reference(self, values, labels):
        pool = np.random.default_rng(1).normal(size=(300, 6)).astype(np.float32)
        session = Session(values, GROUPS, 0, FEW, pool=pool)
        learner = session.learn(labels)
        assert_allclose(session.scores(), learner.score(pool), atol=1e-12)
        assert spearmanr(session.scores(), pool[:, 4]).statistic > 0.4
