import json
import shutil

import onnx
import pytest

from fink_ad.forest import LabelledAlerts, Model


@pytest.fixture
def model(ran):
    """The model of the transients of the small night."""
    models = [Model.load(folder) for folder in (ran / "models").iterdir()]
    return next(model for model in models if model.population == "transient")


@pytest.fixture
def relearned(model, ran):
    """The same trees after a few answers."""
    from fink_ad.features import FeatureTable

    rows = list(range(0, 40, 2))
    labelled = LabelledAlerts.of(
        FeatureTable(model.schema, model.reference.values[rows]),
        model.reference.alert_ids[rows],
        [f"o{row}" for row in rows],
        ["anomaly", "ordinary"] * 10,
        reviewers=["ada", "ada", "grace[red]", "ada"] * 5,
    )
    other = Model.train(
        FeatureTable(model.schema, model.reference.values),
        survey=model.survey,
        population=model.population,
        alert_ids=model.reference.alert_ids,
        object_ids=model.reference.object_ids,
        n_det=model.reference.n_det,
        nights=model.reference.nights,
        learner="fal",
        parameters={"n_trees": 50},
        labelled=labelled,
    )
    other.save(ran / "models")
    return other


@pytest.fixture
def night(ran, model):
    return int(model.reference.nights[0])


def peer_file(path, n_columns):
    """A stump on the first column."""
    node = onnx.helper.make_node(
        "TreeEnsembleRegressor",
        ["X"],
        ["score"],
        domain="ai.onnx.ml",
        nodes_treeids=[0, 0, 0],
        nodes_nodeids=[0, 1, 2],
        nodes_featureids=[0, 0, 0],
        nodes_values=[0.1, 0.0, 0.0],
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"],
        nodes_truenodeids=[1, 0, 0],
        nodes_falsenodeids=[2, 0, 0],
        target_treeids=[0, 0],
        target_nodeids=[1, 2],
        target_ids=[0, 0],
        target_weights=[0.0, -1.0],
        n_targets=1,
    )
    x = onnx.helper.make_tensor_value_info("X", onnx.TensorProto.FLOAT, [None, n_columns])
    y = onnx.helper.make_tensor_value_info("score", onnx.TensorProto.FLOAT, [None, 1])
    graph = onnx.helper.make_graph([node], "forest", [x], [y])
    onnx.save(
        onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("ai.onnx.ml", 1)]),
        path,
    )
    return path


def test_list_marks_the_active_and_the_damaged(fink_ad, model, relearned, ran):
    shutil.copytree(ran / "models" / model.id, ran / "models" / ("0" * 64))
    rows = {row["id"]: row for row in fink_ad("models", "list", "--json").json}
    assert len(rows) == 4  # the night has solar system bodies as well
    assert rows[model.id]["active"]
    assert not rows[relearned.id]["active"]
    assert rows[relearned.id]["n_labels"] == 20
    assert "damaged or was edited" in rows["0" * 64]["problem"]
    told = fink_ad("models", "list")
    assert told.code == 0
    assert model.short_id in told.out


def test_list_without_a_home(fink_ad):
    told = fink_ad("models", "list")
    assert told.code == 0
    assert "No models yet" in told.out


def test_show_prints_the_card(fink_ad, relearned):
    card = fink_ad("models", "show", relearned.short_id, "--json").json
    assert card["id"] == relearned.id
    assert card["answers"] == {"anomaly": 10, "ordinary": 10}
    assert card["seed"] == 0
    told = fink_ad("models", "show", relearned.short_id)
    assert told.code == 0
    assert "telling features" in told.out
    assert "ada: anomaly 5, ordinary 10; grace[red]: anomaly 5" in " ".join(told.out.split())
    assert "n_trees 50" in told.out


@pytest.mark.parametrize("name", ["", "zz"])
def test_an_unknown_model_is_named(fink_ad, ran, name):
    told = fink_ad("models", "show", name)
    assert told.code == 1
    assert f"begins with {name!r}" in told.err.replace("\n", " ") or "begin with ''" in told.err


def test_compare_two_of_ours(fink_ad, model, relearned, night):
    words = ("models", "compare", model.short_id, relearned.short_id, "--night", night)
    form = fink_ad(*words, "--top", 5, "--json").json
    assert -1.0 <= form["rank_correlation"] < 0.999
    assert len(form["first"]) == len(form["second"]) == 5
    same = fink_ad("models", "compare", model.short_id, model.short_id, "--night", night, "--json")
    assert same.json["rank_correlation"] == pytest.approx(1.0)
    assert same.json["first"] == same.json["second"]
    told = fink_ad(*words)
    assert told.code == 0
    assert "rank correlation" in told.out


def test_compare_with_a_forest_of_another_system(fink_ad, model, night, tmp_path):
    names = sorted(model.used_columns)[:3]
    path = peer_file(tmp_path / "peer.onnx", 3)
    words = ("models", "compare", model.short_id, path, "--night", night)
    form = fink_ad(*words, "--names", ",".join(names), "--json").json
    assert form["n_alerts"] > 2
    (tmp_path / "names.txt").write_text("\n".join(names))
    assert fink_ad(*words, "--names", tmp_path / "names.txt", "--json").json == form
    without = fink_ad(*words)
    assert without.code == 2
    assert "--names" in without.err
    permuted = fink_ad(*words, "--names", ",".join(names[::-1]))
    assert permuted.code == 1
    assert "alphabetical" in permuted.err
    two_peers = fink_ad("models", "compare", path, path, "--night", night, "--names", names[0])
    assert two_peers.code != 0


def test_a_night_without_alerts_is_named(fink_ad, model):
    told = fink_ad("models", "compare", model.short_id, model.short_id, "--night", "20200101")
    assert told.code == 1
    assert "20200101" in told.err


def test_json_is_alone_on_stdout(fink_ad, model):
    told = fink_ad("models", "show", model.short_id, "--json")
    assert json.loads(told.out)["id"] == model.id
    assert told.err == ""
