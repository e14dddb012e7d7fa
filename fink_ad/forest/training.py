"""What a model is trained on: the reference sample and the answered alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.features import FeatureSchema, FeatureTable
from fink_ad.forest.sketch import peer_bin

__all__ = ["TARGETS", "LabelledAlerts", "ReferenceSample", "checked_values"]

TARGETS: Mapping[str, int] = {"anomaly": 1, "ordinary": -1, "bogus": -1}
"""Answers a learner can use; "unsure" teaches nothing and is left out before."""


@dataclass(frozen=True, eq=False)
class ReferenceSample:
    """Alerts a model is measured against, in order of alert id.

    Attributes
    ----------
    values : (n, n_columns) float64
        Features as extracted, NaN where not defined.
    alert_ids, object_ids : (n,) int64, (n,) str
        Who they are.
    n_det : (n,) int64
        Number of detections: says who their peers are.
    nights : (n,) int32
        ``YYYYMMDD``.
    """

    values: NDArray[np.float64]
    alert_ids: NDArray[np.int64]
    object_ids: NDArray[np.str_]
    n_det: NDArray[np.int64]
    nights: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.values)

    @property
    def peer_bins(self) -> NDArray[np.int8]:
        """Bin of numbers of detections each alert is in, (n,)."""
        return peer_bin(self.n_det)

    @classmethod
    def of(
        cls,
        table: FeatureTable,
        alert_ids: Sequence[int] | NDArray[np.int64],
        object_ids: Sequence[str] | NDArray[np.str_],
        n_det: Sequence[int] | NDArray[np.int64],
        nights: Sequence[int] | NDArray[np.int32],
    ) -> ReferenceSample:
        """Sort alerts into a reference sample, so that the order of arrival does not matter.

        Raises
        ------
        ModelError
            If there are none, lengths differ, or an alert comes twice.
        """
        values = checked_values(table)
        ids = _whole_numbers("alert_ids", alert_ids)
        sample = cls(
            values,
            ids,
            np.asarray(object_ids, np.str_),
            _whole_numbers("n_det", n_det),
            _whole_numbers("nights", nights).astype(np.int32),
        )
        if not len(values):
            raise ModelError("no alerts to train on")
        for name in ("alert_ids", "object_ids", "n_det", "nights"):
            if getattr(sample, name).shape != (len(values),):
                raise ModelError(
                    f"{name} has shape {getattr(sample, name).shape} for {len(values)} alerts"
                )
        order = np.argsort(ids, kind="stable")
        twice = np.flatnonzero(np.diff(ids[order]) == 0)
        if len(twice):
            raise ModelError(f"alert {ids[order][twice[0]]} is twice in the training sample")
        return cls(
            values[order],
            ids[order],
            sample.object_ids[order],
            sample.n_det[order],
            sample.nights[order],
        )


@dataclass(frozen=True, eq=False)
class LabelledAlerts:
    """Answered alerts, one answer per object, in order of alert id.

    Attributes
    ----------
    table : FeatureTable
        Features as extracted, NaN where not defined.
    alert_ids, object_ids : (n,) int64, (n,) str
        Who they are.
    answers : (n,) str
        Keys of `TARGETS`.
    confidence : (n,) float64, optional
        How sure each answer is, above 0 and at most 1; without it all are sure.
    n_det : (n,) int64, optional
        Number of detections; needed by models that rank among peers.
    reviewers : (n,) str, optional
        Who answered; told on the model's card.
    """

    table: FeatureTable
    alert_ids: NDArray[np.int64]
    object_ids: NDArray[np.str_]
    answers: NDArray[np.str_]
    confidence: NDArray[np.float64] | None = None
    n_det: NDArray[np.int64] | None = None
    reviewers: NDArray[np.str_] | None = None

    def __len__(self) -> int:
        return len(self.answers)

    @classmethod
    def of(
        cls,
        table: FeatureTable,
        alert_ids: Sequence[int] | NDArray[np.int64],
        object_ids: Sequence[str] | NDArray[np.str_],
        answers: Sequence[str] | NDArray[np.str_],
        confidence: Sequence[float] | NDArray[np.float64] | None = None,
        n_det: Sequence[int] | NDArray[np.int64] | None = None,
        reviewers: Sequence[str] | NDArray[np.str_] | None = None,
    ) -> LabelledAlerts:
        """Check and sort answered alerts.

        Which of several answers about one object holds is decided before, by the rule for the
        labels of one reviewer or of all; here an object that comes twice is an error.

        Raises
        ------
        ModelError
            If an answer is not a key of `TARGETS`, an object comes twice, or lengths differ.
        """
        values = checked_values(table)
        given = np.asarray(answers)
        wrong = [answer for answer in given.tolist() if answer not in TARGETS]
        if wrong:
            raise ModelError(f"answer {wrong[0]!r} is not one of {', '.join(TARGETS)}")
        ids = _whole_numbers("alert_ids", alert_ids)
        objects = np.asarray(object_ids, np.str_)
        if not len(ids) == len(objects) == len(given) == len(values):
            raise ModelError(
                f"{len(given)} answers, {len(ids)} alert ids and {len(objects)} object ids "
                f"for {len(values)} alerts"
            )
        names, counts = np.unique(objects, return_counts=True)
        if (counts > 1).any():
            name = names[np.argmax(counts)]
            said = ", ".join(sorted(set(given[objects == name].tolist())))
            raise ModelError(f"object {name} has {counts.max()} answers ({said}): give one")
        grades = None if confidence is None else np.asarray(confidence, np.float64)
        counts_of = None if n_det is None else _whole_numbers("n_det", n_det)
        names_of = None if reviewers is None else np.asarray(reviewers, np.str_)
        optional: tuple[tuple[str, NDArray[Any] | None], ...] = (
            ("confidence", grades),
            ("n_det", counts_of),
            ("reviewers", names_of),
        )
        for name, more in optional:
            if more is not None and more.shape != (len(given),):
                raise ModelError(f"{name} has shape {more.shape} for {len(given)} answers")
        order = np.argsort(ids, kind="stable")
        return cls(
            FeatureTable(table.schema, values[order]),
            ids[order],
            objects[order],
            given.astype(np.str_)[order],
            None if grades is None else grades[order],
            None if counts_of is None else counts_of[order],
            None if names_of is None else names_of[order],
        )

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return all but the schema, by name."""
        arrays: dict[str, NDArray[np.generic]] = {
            "values": self.table.values,
            "alert_ids": self.alert_ids,
            "object_ids": self.object_ids,
            "answers": self.answers,
        }
        more: dict[str, NDArray[Any] | None] = {
            "confidence": self.confidence,
            "n_det": self.n_det,
            "reviewers": self.reviewers,
        }
        return arrays | {name: array for name, array in more.items() if array is not None}

    @classmethod
    def from_arrays(
        cls, schema: FeatureSchema, arrays: Mapping[str, NDArray[Any]]
    ) -> LabelledAlerts:
        """Read what `to_arrays` wrote, checking it."""
        table = FeatureTable(schema, arrays["values"])
        return cls.of(
            table,
            arrays["alert_ids"],
            arrays["object_ids"],
            arrays["answers"],
            arrays.get("confidence"),
            arrays.get("n_det"),
            arrays.get("reviewers"),
        )

    def targets(self) -> NDArray[np.int8]:
        """Return +1 for anomalies and -1 for the rest, (n,)."""
        return np.array([TARGETS[answer] for answer in self.answers.tolist()], np.int8)


def checked_values(table: FeatureTable) -> NDArray[np.float64]:
    """Return the table's values as C-ordered float64.

    Raises
    ------
    ModelError
        If they are not numbers, or not one column per column of the schema.
    """
    values = np.asarray(table.values)
    if values.dtype.kind not in "fiu":
        raise ModelError(f"features are of type {values.dtype}, not numbers")
    if values.ndim != 2 or values.shape[1] != len(table.schema.names):
        raise ModelError(
            f"features have shape {values.shape}; the schema has "
            f"{len(table.schema.names)} columns, one row per alert"
        )
    return np.ascontiguousarray(values, np.float64)


def _whole_numbers(name: str, given: Sequence[int] | NDArray[np.integer]) -> NDArray[np.int64]:
    numbers = np.asarray(given)
    if len(numbers) and numbers.dtype.kind not in "iu":  # floats have lost digits of long ids
        raise ModelError(f"{name} are of type {numbers.dtype}, not whole numbers")
    return numbers.astype(np.int64)
