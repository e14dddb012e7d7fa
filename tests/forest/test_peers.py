import re

import numpy as np
import onnx
import pytest

from fink_ad.errors import ModelError
from fink_ad.features import FeatureColumn, FeatureSchema, FeatureTable
from fink_ad.forest.peers import PeerForest

NAMES = ("amplitude", "kurtosis", "mean")


def forest_file(path, **changes):
    """Two trees: a stump on column 1 and a deeper one on columns 0 and 2, nodes out of order."""
    nodes = {
        "treeids": [0, 0, 0, 1, 1, 1, 1, 1],
        "nodeids": [0, 1, 2, 0, 4, 3, 2, 1],
        "featureids": [1, 0, 0, 0, 0, 0, 0, 2],
        "values": [0.5, 0, 0, -1.0, 0, 0, 0, 3.0],
        "modes": ["BRANCH_LEQ", "LEAF", "LEAF", "BRANCH_LEQ", "LEAF", "LEAF", "LEAF", "BRANCH_LEQ"],
        "truenodeids": [1, 0, 0, 2, 0, 0, 0, 3],
        "falsenodeids": [2, 0, 0, 1, 0, 0, 0, 4],
    }
    given = {f"nodes_{name}": value for name, value in nodes.items()} | {
        "target_treeids": [0, 0, 1, 1, 1],
        "target_nodeids": [1, 2, 2, 3, 4],
        "target_ids": [0] * 5,
        "target_weights": [-1.0, 1.0, -10.0, 10.0, 100.0],
        "n_targets": 1,
        "post_transform": "NONE",
    }
    node = onnx.helper.make_node(
        "TreeEnsembleRegressor", ["X"], ["score"], domain="ai.onnx.ml", **(given | changes)
    )
    x = onnx.helper.make_tensor_value_info("X", onnx.TensorProto.FLOAT, [None, 3])
    y = onnx.helper.make_tensor_value_info("score", onnx.TensorProto.FLOAT, [None, 1])
    graph = onnx.helper.make_graph([node], "forest", [x], [y])
    opset = [onnx.helper.make_opsetid("ai.onnx.ml", 1)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset), path)
    return path


def table(values, names=("mean", "other", "kurtosis", "amplitude")):
    columns = tuple(FeatureColumn(name, "", "g", "") for name in names)
    return FeatureTable(FeatureSchema(columns, (("p", "1"),)), np.asarray(values, np.float64))


def test_scores_by_hand_whatever_the_order_of_our_columns(tmp_path):
    peer = PeerForest.read(forest_file(tmp_path / "f.onnx"), NAMES)
    rows = [
        # mean, other, kurtosis, amplitude
        [0.0, np.nan, 0.5, -1.0],  # at most 0.5: -1; at most -1: -10
        [3.0, 0.0, 0.6, 0.0],  # 1; 10
        [3.1, 0.0, 0.6, 0.0],  # 1; 100
        [np.nan, 0.0, 0.6, 0.0],
    ]
    np.testing.assert_array_equal(peer.score(table(rows)), [11.0, -11.0, -101.0, np.nan])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (NAMES[:2], "takes 3 numbers and 2 names"),
        (("kurtosis", "amplitude", "mean"), "name 0 is 'kurtosis' and should be 'amplitude'"),
    ],
)
def test_names_must_fit(names, message, tmp_path):
    path = forest_file(tmp_path / "f.onnx")
    with pytest.raises(ModelError, match=message):
        PeerForest.read(path, names)


def test_a_missing_column_is_named(tmp_path):
    peer = PeerForest.read(forest_file(tmp_path / "f.onnx"), NAMES)
    with pytest.raises(ModelError, match="no column 'kurtosis'"):
        peer.score(table([[0.0, 0.0]], ("mean", "amplitude")))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nodes_modes": ["BRANCH_LT"] * 8}, "other questions"),
        ({"nodes_truenodeids": [1, 0, 0, 0, 0, 0, 0, 0]}, "tangled"),
        ({"nodes_truenodeids": [9, 0, 0, 2, 0, 0, 0, 3]}, "does not exist"),
        ({"nodes_featureids": [7, 0, 0, 0, 0, 0, 0, 2]}, "beyond its 3 columns"),
        ({"target_weights": [np.nan, 1.0, 1.0, 1.0, 1.0]}, "has no values"),
    ],
)
def test_damaged_forests_are_refused(changes, message, tmp_path):
    path = forest_file(tmp_path / "f.onnx", **changes)
    with pytest.raises(ModelError, match=message):
        PeerForest.read(path, NAMES)


def test_what_is_no_forest_is_refused(tmp_path):
    (tmp_path / "noise.onnx").write_bytes(bytes(range(256)))
    (tmp_path / "empty.onnx").write_bytes(b"")
    for name in ("noise.onnx", "empty.onnx", "gone.onnx"):
        with pytest.raises(ModelError, match=re.escape(name)):
            PeerForest.read(tmp_path / name, NAMES)


@pytest.mark.real_data
@pytest.mark.parametrize("band", ["g", "r"])
def test_forests_of_the_live_system_score_as_their_runtime_does(real_data, band):
    runtime = pytest.importorskip("onnxruntime")
    path = real_data / "models" / f"forest_{band}_AAD_beta.onnx"
    names = tuple(f"x{i:02}" for i in range(25))
    peer = PeerForest.read(path, names)
    values = np.random.default_rng(0).normal(scale=5.0, size=(200, 25)).astype(np.float32)
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    theirs = session.run(None, {session.get_inputs()[0].name: values})[0][:, 0]
    np.testing.assert_allclose(peer.score(table(values, names)), -theirs, atol=1e-5)
