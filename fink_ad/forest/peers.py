"""Forests of other systems, read from ONNX, to compare with ours.

Such a file knows how many numbers it takes, not which. The names must therefore be given, in
the order the forest was trained on, which for the forests of the Fink broker is alphabetical.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.features import FeatureTable
from fink_ad.forest.trees import FlatForest

__all__ = ["PeerForest"]

_LARGEST = 256 * 2**20  # bytes of a file; the forests of the live system have 5 MiB


@dataclass(frozen=True, eq=False)
class PeerForest:
    """A tree ensemble of another system.

    Attributes
    ----------
    forest : FlatForest
        Its trees, the sign turned to ours: higher = stranger.
    names : tuple of str
        Columns it takes, in its order.
    path : Path
        Where it was read from.
    """

    forest: FlatForest
    names: tuple[str, ...]
    path: Path

    @classmethod
    def read(cls, path: Path, names: Sequence[str]) -> PeerForest:
        """Read a file made by coniferest (``TreeEnsembleRegressor``, lower = stranger).

        Parameters
        ----------
        path : Path
            ``.onnx`` file.
        names : sequence of str
            Column ids of its inputs, in alphabetical order.

        Raises
        ------
        ModelError
            If the file is no such forest, or the names are not as many as its inputs or not
            in alphabetical order.
        """
        graph = _graph(path)
        n_inputs = graph.input[0].type.tensor_type.shape.dim[1].dim_value
        if len(names) != n_inputs:
            raise ModelError(
                f"{path} takes {n_inputs} numbers and {len(names)} names were given: "
                "name its columns in the order it was trained on"
            )
        for place, (given, wanted) in enumerate(zip(names, sorted(names), strict=True)):
            if given != wanted:
                raise ModelError(
                    f"names of {path} are not in alphabetical order: name {place} is {given!r} "
                    f"and should be {wanted!r}; a permuted order gives scores that mean nothing"
                )
        return cls(_trees(path, graph, n_inputs), tuple(names), path)

    def score(self, table: FeatureTable) -> NDArray[np.float64]:
        """Return the anomaly score of each alert, (n_alerts,), higher = stranger.

        NaN where a column the forest looks at is not defined: it was made for complete rows.

        Raises
        ------
        ModelError
            If the table lacks one of its columns.
        """
        known = {name: place for place, name in enumerate(table.schema.names)}
        missing = [name for name in self.names if name not in known]
        if missing:
            raise ModelError(f"the table has no column {missing[0]!r}, which {self.path} takes")
        values = np.asarray(table.values)[:, [known[name] for name in self.names]]
        complete = np.isfinite(values).all(axis=1)
        scores = np.full(len(values), np.nan)
        scores[complete] = self.forest.sum_leaf_values(values[complete].astype(np.float32))
        return scores


def _graph(path: Path) -> Any:
    import onnx  # a third of a second that only comparisons need

    try:
        size = path.stat().st_size
        if size > _LARGEST:
            raise ModelError(f"{path} has {size} bytes; at most {_LARGEST} are read")
        graph = onnx.load_model_from_string(path.read_bytes()).graph
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    except Exception as error:  # protobuf has an error class of its own in each implementation
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{path} is no ONNX file: {error}") from error
    kinds = [node.op_type for node in graph.node]
    if kinds != ["TreeEnsembleRegressor"] or len(graph.input) != 1:
        raise ModelError(f"{path} is no forest: it holds {', '.join(kinds) or 'nothing'}")
    return graph


def _trees(path: Path, graph: Any, n_inputs: int) -> FlatForest:
    """Lay the nodes out as `FlatForest` wants them: tree by tree, children side by side."""
    import onnx

    given = {a.name: onnx.helper.get_attribute_value(a) for a in graph.node[0].attribute}
    try:
        modes = np.array(given["nodes_modes"])
        tree, node, yes, no, column = (
            np.array(given[f"nodes_{name}"], np.int64)
            for name in ("treeids", "nodeids", "truenodeids", "falsenodeids", "featureids")
        )
        cut = np.array(given["nodes_values"], np.float32)
        target_tree, target_node = (
            np.array(given[f"target_{name}"], np.int64) for name in ("treeids", "nodeids")
        )
        weight = np.array(given["target_weights"], np.float64)
    except KeyError as error:
        raise ModelError(f"{path} lacks {error} of a forest") from error
    is_leaf = modes == b"LEAF"
    if not (is_leaf | (modes == b"BRANCH_LEQ")).all():
        raise ModelError(f"{path} asks other questions than 'at most?': {set(modes.tolist())}")

    n_nodes = len(node)
    width = int(node.max()) + 1
    order = np.argsort(tree * width + node)
    keys = (tree * width + node)[order]

    def places(of_tree: NDArray[np.int64], of_node: NDArray[np.int64]) -> NDArray[np.int64]:
        wanted = of_tree * width + of_node
        spots = np.minimum(np.searchsorted(keys, wanted), n_nodes - 1)
        if not ((keys[spots] == wanted) & (of_node >= 0) & (of_node < width)).all():
            raise ModelError(f"{path}: a node that does not exist is pointed to")
        return order[spots]

    value = np.zeros(n_nodes)
    np.add.at(value, places(target_tree, target_node), weight)
    inner = np.flatnonzero(~is_leaf)
    first, second = np.zeros(n_nodes, np.int64), np.zeros(n_nodes, np.int64)
    first[inner] = places(tree[inner], yes[inner])
    second[inner] = places(tree[inner], no[inner])

    # Level by level over all trees; a stable sort by tree keeps levels and siblings together.
    levels = [places(np.unique(tree), np.zeros(len(np.unique(tree)), np.int64))]
    while len(levels[-1]):
        parents = levels[-1][~is_leaf[levels[-1]]]
        levels.append(np.stack([first[parents], second[parents]], axis=1).ravel())
        if sum(map(len, levels)) > n_nodes:
            raise ModelError(f"{path}: a tree of the forest is tangled")
    walked = np.concatenate(levels)
    walked = walked[np.argsort(tree[walked], kind="stable")]
    place = np.zeros(n_nodes, np.int64)
    place[walked] = np.arange(len(walked))
    leaf = is_leaf[walked]
    arrays: dict[str, NDArray[Any]] = {
        "feature": np.where(leaf, 0, column[walked]).astype(np.uint16),
        "threshold": np.where(leaf, np.inf, cut[walked]).astype(np.float32),
        "left": np.where(leaf, np.arange(len(walked)), place[first[walked]]).astype(np.uint32),
        "roots": np.flatnonzero(np.diff(tree[walked], prepend=-1)).astype(np.uint32),
        "node_value": -value[walked],  # there: lower = stranger
    }
    return FlatForest.from_arrays(arrays, n_inputs)
