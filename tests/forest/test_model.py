import json
import shutil
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from fink_ad.errors import ModelError
from fink_ad.features import FeatureColumn, FeatureSchema, FeatureTable
from fink_ad.forest import LabelledAlerts, Model
from fink_ad.forest.folder import MANIFEST


@pytest.fixture(scope="module")
def table(make_table):
    return make_table(600)


@pytest.fixture(scope="module")
def labelled(make_table):
    answers = ["anomaly", "ordinary", "bogus"] * 5
    return LabelledAlerts.of(make_table(15, 9), range(15), [f"o{i}" for i in range(15)], answers)


@pytest.fixture
def folder(model, tmp_path):
    return model.save(tmp_path)


class TestReviewers:
    def test_they_are_stored_beside_their_answers(self, table, labelled, describe, tmp_path):
        who = [f"r{alert}" for alert in labelled.alert_ids.tolist()]
        known = LabelledAlerts.of(
            labelled.table, labelled.alert_ids, labelled.object_ids, labelled.answers, reviewers=who
        )
        model = Model.train(table, **describe(600), labelled=known)
        assert Model.load(model.save(tmp_path)).labelled.reviewers.tolist() == who

    def test_models_stored_without_them_still_load(self, table, labelled, describe, tmp_path):
        model = Model.train(table, **describe(600), labelled=labelled)
        assert "reviewers" not in labelled.to_arrays()
        assert Model.load(model.save(tmp_path)).labelled.reviewers is None

    def test_one_each(self, labelled):
        with pytest.raises(ModelError, match="reviewers has shape"):
            LabelledAlerts.of(
                labelled.table,
                labelled.alert_ids,
                labelled.object_ids,
                labelled.answers,
                reviewers=["ada"],
            )


class TestTraining:
    def test_order_of_arrival_does_not_matter(self, model, table, describe):
        order = np.random.default_rng(0).permutation(600)
        facts = {
            name: np.asarray(value)[order] if not isinstance(value, str) else value
            for name, value in describe(600).items()
        }
        shuffled = FeatureTable(table.schema, table.values[order])
        assert Model.train(shuffled, **facts, seed=7).id == model.id

    def test_rebuilt_from_what_it_stores_it_is_the_same(self, model, table, labelled, describe):
        for built in (
            model,
            Model.train(table, **describe(600), learner="aad", labelled=labelled, reviewer="me"),
        ):
            again = Model.train(
                FeatureTable(built.schema, built.reference.values),
                survey=built.survey,
                population=built.population,
                alert_ids=built.reference.alert_ids,
                object_ids=built.reference.object_ids,
                n_det=built.reference.n_det,
                nights=built.reference.nights,
                seed=built.seed,
                learner=built.learner.name,
                parameters=built.learner.parameters,
                labelled=built.labelled,
                reviewer=built.reviewer,
            )
            np.testing.assert_array_equal(again.score(table), built.score(table))
            assert again.id == built.id

    @pytest.mark.parametrize(
        "change", [{"seed": 8}, {"reviewer": "me"}, {"parameters": {"n_trees": 10}}]
    )
    def test_anything_else_is_another_model(self, model, table, describe, change):
        assert Model.train(table, **{**describe(600), "seed": 7, **change}).id != model.id

    @pytest.mark.parametrize("learner", ["static", "aad"])
    @pytest.mark.parametrize("n_alerts", [2, 255, 256])
    def test_small_samples_score_and_are_provisional(
        self, make_table, table, describe, learner, n_alerts
    ):
        model = Model.train(make_table(n_alerts), **describe(n_alerts), learner=learner)
        assert model.provisional == (n_alerts < 256)
        assert np.isfinite(model.score(table)).all()

    def test_one_alert_is_enough(self, make_table, table, describe):
        model = Model.train(make_table(1), **describe(1))
        assert np.isfinite(model.score(table)).all()

    def test_columns_without_values_are_left_out_and_named(self, schema, describe, tmp_path):
        values = np.random.default_rng(0).normal(size=(300, 10))
        values[:, [1, 8]] = np.nan
        values[:, 2] = 4.0  # constant: kept, and never split on
        model = Model.train(FeatureTable(schema, values), **describe(300))
        manifest = json.loads((model.save(tmp_path) / MANIFEST).read_text())
        assert model.dropped_columns == ("curve.c1", "host.h0")
        assert manifest["dropped_columns"] == ["curve.c1", "host.h0"]
        assert len(model.used_columns) == 8
        # What a left-out column says later changes nothing.
        later = values.copy()
        later[:, 1] = 1e9
        np.testing.assert_array_equal(
            model.score(FeatureTable(schema, later)), model.score(FeatureTable(schema, values))
        )

    def test_nothing_finite_is_an_error(self, schema, describe):
        with pytest.raises(ModelError, match="nothing to learn from"):
            Model.train(FeatureTable(schema, np.full((5, 10), np.nan)), **describe(5))

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"survey": "ztfx"}, "'ztfx' is not one of ztf"),
            ({"population": "stars"}, "'stars' is not one of transient"),
            ({"learner": "magic"}, "no learner 'magic'"),
            ({"parameters": {"depth": 3}}, "no parameter 'depth'"),
            ({"seed": -1}, "seed is -1"),
        ],
    )
    def test_arguments_that_make_no_sense(self, table, describe, change, message):
        with pytest.raises(ModelError, match=message):
            Model.train(table, **{**describe(600), **change})

    def test_answers_with_other_features_are_refused(self, table, schema, labelled, describe):
        other = replace(schema, versions=(("curve", "2"), ("host", "1")))
        wrong = replace(labelled, table=FeatureTable(other, labelled.table.values))
        with pytest.raises(ModelError, match="answered alerts have other features: provider"):
            Model.train(table, **describe(600), learner="aad", labelled=wrong)


class TestScoring:
    def test_scores_are_finite_whatever_the_values(self, model, schema):
        strange = [np.nan, np.inf, -np.inf, 1e308, -1e308, 0.0, 5e-324]
        values = np.array([[value] * 10 for value in strange])
        assert np.isfinite(model.score(FeatureTable(schema, values))).all()

    def test_no_alerts_no_scores(self, model, schema):
        assert model.score(FeatureTable(schema, np.empty((0, 10)))).shape == (0,)

    def test_the_far_out_are_strangest(self, model, schema):
        values = np.zeros((50, 10))
        values[13] = 8.0
        assert model.score(FeatureTable(schema, values)).argmax() == 13

    def test_memory_order_and_type_do_not_matter(self, model, table):
        single = table.values.astype(np.float32)
        expected = model.score(FeatureTable(table.schema, single.astype(np.float64)))
        for values in (single, np.asfortranarray(single)):
            np.testing.assert_array_equal(model.score(FeatureTable(table.schema, values)), expected)

    def refused(self, model, columns, versions=(("curve", "1"), ("host", "1"))):
        schema = FeatureSchema(tuple(columns), versions)
        with pytest.raises(ModelError) as caught:
            model.score(FeatureTable(schema, np.zeros((3, len(columns)))))
        assert "retrain" in str(caught.value)
        return str(caught.value)

    def test_a_missing_column_is_named(self, model):
        columns = list(model.schema.columns)
        del columns[3]
        assert "column 'curve.c3' is missing" in self.refused(model, columns)

    def test_an_unknown_column_is_named(self, model):
        columns = [*model.schema.columns, FeatureColumn("new.n", "", "new", "new")]
        assert "column 'new.n'" in self.refused(model, columns)

    def test_a_renamed_column_is_named(self, model):
        columns = list(model.schema.columns)
        columns[3] = replace(columns[3], id="curve.other")
        assert "should be 'curve.c3' and is 'curve.other'" in self.refused(model, columns)

    def test_permuted_columns_are_named(self, model):
        columns = list(model.schema.columns)
        columns[2], columns[5] = columns[5], columns[2]
        message = self.refused(model, columns)
        assert "permuted: column 2 should be 'curve.c2', is 'curve.c5'" in message

    def test_a_changed_unit_is_named(self, model):
        columns = list(model.schema.columns)
        columns[4] = replace(columns[4], unit="nJy")
        assert "'curve.c4' changed" in self.refused(model, columns)

    def test_another_version_is_named(self, model):
        message = self.refused(model, model.schema.columns, (("curve", "1"), ("host", "2")))
        assert "provider 'host' should be version 1, is 2" in message


class TestFolder:
    def test_it_is_named_by_its_content_and_written_once(self, model, folder, tmp_path):
        assert folder == tmp_path / model.id
        assert sha256((folder / MANIFEST).read_bytes()).hexdigest() == model.id
        written = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
        assert model.save(tmp_path) == folder
        assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == written
        assert [path.name for path in tmp_path.iterdir()] == [model.id]

    @pytest.mark.parametrize("learner", ["static", "aad"])
    def test_loaded_it_is_the_same_model(self, table, labelled, describe, learner, tmp_path):
        answered = labelled if learner == "aad" else None
        model = Model.train(table, **describe(600), learner=learner, labelled=answered)
        loaded = Model.load(model.save(tmp_path))
        assert loaded.id == loaded.revision == model.id
        assert loaded.sketch.content_hash == model.sketch.content_hash
        np.testing.assert_array_equal(loaded.score(table), model.score(table))
        np.testing.assert_array_equal(loaded.reference.alert_ids, model.reference.alert_ids)
        if answered is not None:
            assert loaded.labelled.answers.tolist() == answered.answers.tolist()

    def test_another_process_gives_the_same_scores(self, model, folder, table, tmp_path):
        np.save(tmp_path / "values.npy", table.values)
        program = (
            "import sys, numpy as np\n"
            "from pathlib import Path\n"
            "from fink_ad.features import FeatureTable\n"
            "from fink_ad.forest import Model\n"
            "model = Model.load(Path(sys.argv[1]))\n"
            "table = FeatureTable(model.schema, np.load(sys.argv[2]))\n"
            "np.save(sys.argv[3], model.score(table))\n"
        )
        out = tmp_path / "scores.npy"
        subprocess.run(
            [sys.executable, "-c", program, folder, tmp_path / "values.npy", out], check=True
        )
        np.testing.assert_array_equal(np.load(out), model.score(table))

    @pytest.mark.parametrize(
        "name",
        [MANIFEST, "learner.npz", "reference.npz", "sketch.npz", "imputation.npz"],
    )
    @pytest.mark.parametrize("damage", ["flip", "cut", "empty", "remove"])
    def test_any_damage_is_noticed(self, folder, name, damage):
        path = folder / name
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        if damage == "remove":
            path.unlink()
        else:
            path.write_bytes({"flip": content, "cut": content[:-1], "empty": b""}[damage])
        with pytest.raises(ModelError, match=r"damaged or was edited|cannot read model file"):
            Model.load(folder)

    def reforged(self, folder, edit):
        """Return a copy of a model folder with an edited manifest under its right name."""
        manifest = json.loads((folder / MANIFEST).read_text())
        edit(manifest)
        text = json.dumps(manifest, sort_keys=True).encode()
        copy = folder.parent / sha256(text).hexdigest()
        shutil.copytree(folder, copy)
        (copy / MANIFEST).write_bytes(text)
        return copy

    @pytest.mark.parametrize(
        ("edit", "message"),
        [
            (lambda m: m.update(format_version=2), "format version 2"),
            (lambda m: m.pop("format_version"), "format version None"),
            (lambda m: m.update(colour="red"), "manifest key 'colour' unknown"),
            (lambda m: m.pop("seed"), "manifest key 'seed' unknown or missing"),
            (lambda m: m.update(learner="magic"), "no learner 'magic'"),
            (lambda m: m["parameters"].update(depth=1), "no parameter 'depth'"),
            (lambda m: m.update(parameters=[1]), "no parameter 1"),
            (lambda m: m["schema"]["columns"].pop(), "do not belong to 9 feature columns"),
            (lambda m: m.update(schema={}), "not what its manifest says"),
            (lambda m: m["files"].pop("sketch.npz"), "not what its manifest says"),
            (lambda m: m["files"].update({"../x.npz": ""}), "cannot be its own"),
            (lambda m: m.pop("files"), "no readable manifest"),
        ],
    )
    def test_a_manifest_that_does_not_fit_is_refused(self, folder, edit, message):
        with pytest.raises(ModelError, match=message):
            Model.load(self.reforged(folder, edit))

    def test_pickles_are_never_read(self, folder):
        np.savez(folder / "sketch.npz", cell=np.array([{"a": 1}], object))
        digest = sha256((folder / "sketch.npz").read_bytes()).hexdigest()
        forged = self.reforged(folder, lambda m: m["files"].update({"sketch.npz": digest}))
        with pytest.raises(ModelError, match="no readable arrays"):
            Model.load(forged)

    def test_a_renamed_folder_is_refused(self, folder):
        with pytest.raises(ModelError, match="not its name"):
            Model.load(folder.rename(folder.parent / "latest"))

    def test_a_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(ModelError, match="there is no model folder .*superseded"):
            Model.load(tmp_path / "nothing")

    def test_a_place_that_cannot_be_written(self, model, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(ModelError, match="cannot write a model"):
            model.save(tmp_path / "file" / "models")


class TestRelearning:
    def labelled(self, table, rows, schema, **more):
        rows = np.asarray(rows)
        answers = np.where(np.nan_to_num(table.values[rows, 2]) > 0.5, "anomaly", "ordinary")
        chosen = FeatureTable(schema, table.values[rows])
        return LabelledAlerts.of(chosen, rows, rows.astype(str), answers, **more)

    @pytest.mark.parametrize("learner", ["aad", "fal", "pine", "static"])
    def test_it_equals_training_with_the_answers(self, learner, make_table, schema, describe):
        table = make_table(300)
        few = {"n_trees": 20}
        plain = Model.train(table, **describe(300), learner=learner, parameters=few)
        answers = self.labelled(table, range(40), schema)
        trained = Model.train(
            table, **describe(300), learner=learner, parameters=few, labelled=answers
        )
        assert plain.relearn(answers).id == trained.id
        assert trained.relearn(None).id == plain.id

    def test_the_order_of_answers_does_not_change_the_model(self, make_table, schema, describe):
        table = make_table(300)
        plain = Model.train(table, **describe(300), learner="fal", parameters={"n_trees": 20})
        there, back = (self.labelled(table, r, schema) for r in (range(40), range(39, -1, -1)))
        assert plain.relearn(there).id == plain.relearn(back).id

    def test_saved_answers_keep_confidence_and_detections(
        self, make_table, schema, describe, tmp_path
    ):
        table = make_table(300)
        more = {"confidence": np.linspace(0.2, 1.0, 40), "n_det": np.arange(1, 41)}
        answers = self.labelled(table, range(40), schema, **more)
        parameters = {"n_trees": 20, "peers": True}
        model = Model.train(
            table, **describe(300), learner="fal", parameters=parameters, labelled=answers
        )
        again = Model.load(model.save(tmp_path))
        n_det = np.arange(300) % 30 + 1
        np.testing.assert_array_equal(again.score(table, n_det), model.score(table, n_det))
        assert again.relearn(again.labelled).id == model.id
        with pytest.raises(ModelError, match="number of detections"):
            again.score(table)

    def test_lengths_of_confidence_must_agree(self, make_table, schema):
        with pytest.raises(ModelError, match="confidence has shape"):
            self.labelled(make_table(50), range(40), schema, confidence=np.ones(3))
