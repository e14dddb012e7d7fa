"""What a learner promises, and the answers it learns from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError

__all__ = ["Labels", "Learner", "complete_parameters"]


@dataclass(frozen=True, eq=False)
class Labels:
    """Answers as a learner sees them.

    Attributes
    ----------
    values : (n_labels, n_columns) float32
        Prepared like the training values: finite, same columns.
    targets : (n_labels,) int8
        +1 for an anomaly, -1 for an ordinary alert.
    confidence : (n_labels,) float64, optional
        How sure each answer is, above 0 and at most 1; all 1 if left out. Learners that know
        no grades take every answer as sure.
    bins : (n_labels,) int8, optional
        Peer bin of each row, for learners that rank among peers.
    """

    values: NDArray[np.float32]
    targets: NDArray[np.int8]
    confidence: NDArray[np.float64] | None = None
    bins: NDArray[np.int8] | None = None

    def __post_init__(self) -> None:
        if len(self.values) != len(self.targets):
            raise ModelError(f"{len(self.targets)} labels for {len(self.values)} rows of values")
        wrong = set(np.unique(self.targets).tolist()) - {-1, 1}
        if wrong:
            raise ModelError(f"label {wrong.pop()!r}: use +1 for an anomaly, -1 for ordinary")
        sure = self.weights
        if sure.shape != (len(self.targets),) or not ((sure > 0.0) & (sure <= 1.0)).all():
            raise ModelError(
                f"confidence of {len(self.targets)} labels must be one number each, "
                "above 0 and at most 1"
            )

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def weights(self) -> NDArray[np.float64]:
        """How sure each answer is, (n_labels,), between 0 and 1."""
        return np.ones(len(self.targets)) if self.confidence is None else self.confidence


class Learner(Protocol):
    """Says how strange rows of numbers are. Higher = stranger, for every learner.

    Values are always (n_rows, n_columns) float32, finite, columns as at `fit`: the model that
    owns the learner sees to that. Equal input and seed give equal scores, bit for bit.
    """

    name: ClassVar[str]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Every parameter with its value, JSON-able; `fit` accepts them all."""
        ...

    @classmethod
    def fit(
        cls,
        values: NDArray[np.float32],
        groups: Sequence[str],
        labels: Labels | None,
        seed: int,
        parameters: Mapping[str, Any],
        bins: NDArray[np.int8] | None = None,
    ) -> Self:
        """Learn from reference rows and answers.

        Parameters
        ----------
        values
            Reference rows.
        groups
            One group name per column; related columns share one.
        labels
            Answers, or None before there are any.
        seed
            All randomness comes from it.
        parameters
            Those that differ from the learner's defaults.
        bins
            Peer bin of each reference row; not looked at unless the parameter ``peers`` is
            true, which makes what is thought of rows before answers a rank among peers.

        Raises
        ------
        ModelError
            If a parameter is unknown or impossible, or the learner cannot learn from the rows.
        """
        ...

    def score(
        self, values: NDArray[np.float32], bins: NDArray[np.int8] | None = None
    ) -> NDArray[np.float64]:
        """Return anomaly scores, (n_rows,), higher = stranger.

        Raises
        ------
        ModelError
            If the learner ranks among peers and the rows' peer bins are not given.
        """
        ...

    def leaves(self, values: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the leaf reached in each tree, (n_rows, n_trees), numbered over all trees."""
        ...

    def contributions(
        self, values: NDArray[np.float32], bins: NDArray[np.int8] | None = None
    ) -> NDArray[np.float64]:
        """Return how much each column makes each row stranger, (n_rows, n_columns)."""
        ...

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return all that scoring needs besides the parameters."""
        ...

    @classmethod
    def from_arrays(
        cls,
        arrays: Mapping[str, NDArray[np.generic]],
        parameters: Mapping[str, Any],
        n_columns: int,
    ) -> Self:
        """Read what `to_arrays` wrote, checking it; raises ModelError."""
        ...


def complete_parameters(
    learner: str, defaults: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the defaults overlaid with the given parameters.

    Raises
    ------
    ModelError
        If a parameter is unknown, or a count is not a whole number of at least 1.
    """
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise ModelError(
            f"learner {learner!r} has no parameter {unknown[0]!r}; it has {', '.join(defaults)}"
        )
    parameters = {**defaults, **given}
    for name, value in parameters.items():
        kind = type(defaults[name])
        if kind is int and (type(value) is not int or value < 1):
            raise ModelError(f"{learner}.{name} must be a whole number of at least 1: {value!r}")
        if kind is bool and type(value) is not bool:
            raise ModelError(f"{learner}.{name} must be true or false: {value!r}")
    return parameters
