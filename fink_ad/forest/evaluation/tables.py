"""Labelled tables: rows of numbers of which it is known what is an anomaly."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fink_ad.errors import ModelError
from fink_ad.forest.imputation import Imputation

__all__ = ["LARGEST", "LabelledTable"]

LARGEST = 5000
"""Rows a replay works on; a larger table is cut to a fixed random choice of so many."""


@dataclass(frozen=True, eq=False)
class LabelledTable:
    """A table with its answers.

    Attributes
    ----------
    name : str
        For people.
    columns : tuple of str
        One name per column.
    values : (n_rows, n_columns) float64
        NaN where not defined.
    is_anomaly : (n_rows,) bool
        The answers.
    classes : (n_rows,) str or None
        Finer answers, to count how many kinds of anomalies were found.
    groups : tuple of str or None
        One group name per column, for learners that draw the group first; None for one group.
    """

    name: str
    columns: tuple[str, ...]
    values: NDArray[np.float64]
    is_anomaly: NDArray[np.bool_]
    classes: NDArray[np.str_] | None = None
    groups: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        n_rows = len(self.values)
        if len(self.is_anomaly) != n_rows or n_rows < 2:
            raise ModelError(
                f"table {self.name} has {n_rows} rows and {len(self.is_anomaly)} labels: "
                "one label a row, and at least two rows"
            )
        if self.values.ndim != 2 or self.values.shape[1] != len(self.columns):
            raise ModelError(f"table {self.name}: values of shape {self.values.shape} have no rows")
        if self.groups is not None and len(self.groups) != len(self.columns):
            raise ModelError(
                f"table {self.name} has {len(self.columns)} columns and {len(self.groups)} "
                "groups: one group a column"
            )

    @classmethod
    def read(cls, path: Path, label: str = "y", class_column: str = "cls") -> LabelledTable:
        """Read a table.

        Parameters
        ----------
        path : Path
            ``.npz`` with ``X`` (n_rows, n_columns), the label and, if wanted, classes, ``names``
            and ``groups`` of the columns; or ``.csv`` or ``.parquet`` with a column of labels, all
            other columns of numbers being features.
        label : str
            Name of the labels: true, or 1, for an anomaly.
        class_column : str
            Name of the classes; need not be there.

        Raises
        ------
        ModelError
            If the file cannot be read or lacks labels or numbers.
        """
        try:
            if path.suffix == ".npz":
                with np.load(path, allow_pickle=False) as arrays:
                    return cls._from_arrays(
                        path.stem, {key: arrays[key] for key in arrays.files}, label, class_column
                    )
            if path.suffix == ".csv":
                return cls._from_frame(path.stem, pd.read_csv(path), label, class_column)
            if path.suffix == ".parquet":
                return cls._from_frame(path.stem, pd.read_parquet(path), label, class_column)
        except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(f"cannot read the table {path}: {error}") from error
        raise ModelError(f"{path} is no table: give a .npz, .csv or .parquet file")

    @classmethod
    def _from_arrays(
        cls, name: str, arrays: Mapping[str, NDArray[Any]], label: str, class_column: str
    ) -> LabelledTable:
        for wanted in ("X", label):
            if wanted not in arrays:
                raise ModelError(
                    f"table {name} has no array {wanted!r}; it has {', '.join(sorted(arrays))}"
                )
        values = np.asarray(arrays["X"], np.float64)
        names = arrays.get("names", np.array([f"x{i}" for i in range(values.shape[-1])]))
        classes, groups = arrays.get(class_column), arrays.get("groups")
        return cls(
            name,
            tuple(names.astype(str).tolist()),
            values,
            _truth(name, arrays[label]),
            None if classes is None else classes.astype(np.str_),
            None if groups is None else tuple(groups.astype(str).tolist()),
        )

    @classmethod
    def _from_frame(
        cls, name: str, frame: pd.DataFrame, label: str, class_column: str
    ) -> LabelledTable:
        if label not in frame:
            raise ModelError(
                f"table {name} has no column {label!r}: name the column of labels; it has "
                f"{', '.join(map(str, frame.columns[:20]))}"
            )
        features = frame.drop(columns=[label, class_column], errors="ignore")
        features = features.select_dtypes(["number", "bool"]).astype(np.float64)
        if features.empty:
            raise ModelError(f"table {name} has no columns of numbers beside {label!r}")
        classes = frame[class_column].astype(str) if class_column in frame else None
        return cls(
            name,
            tuple(map(str, features.columns)),
            features.to_numpy(),
            _truth(name, frame[label].to_numpy()),
            None if classes is None else np.array(classes.tolist(), np.str_),
        )

    def rows(self, chosen: NDArray[np.int64], name: str = "") -> LabelledTable:
        """Return some of the rows."""
        return replace(
            self,
            name=name or self.name,
            values=self.values[chosen],
            is_anomaly=self.is_anomaly[chosen],
            classes=None if self.classes is None else self.classes[chosen],
        )

    def only(self, columns: tuple[str, ...]) -> LabelledTable:
        """Return a table of some of the columns; raises ModelError if one does not exist."""
        places = [self.place(column) for column in columns]
        groups = None if self.groups is None else tuple(self.groups[place] for place in places)
        return replace(self, columns=columns, values=self.values[:, places], groups=groups)

    def place(self, column: str) -> int:
        """Return the place of a column; raises ModelError if it does not exist."""
        if column not in self.columns:
            raise ModelError(
                f"table {self.name} has no column {column!r}; it has {', '.join(self.columns[:20])}"
            )
        return self.columns.index(column)

    def cut(self, n_rows: int = LARGEST) -> LabelledTable:
        """Return a fixed random choice of at most so many rows."""
        if len(self.values) <= n_rows:
            return self
        chosen = np.random.default_rng(0).permutation(len(self.values))[:n_rows]
        return self.rows(np.sort(chosen))

    def prepared(self) -> tuple[NDArray[np.float32], list[str]]:
        """Return what learners take: the usable columns, all finite, and their groups."""
        imputation = Imputation.learn(self.values)
        groups = self.groups or ("",) * len(self.columns)
        return imputation.prepare(self.values), [groups[place] for place in imputation.columns]


def _truth(name: str, labels: NDArray[Any]) -> NDArray[np.bool_]:
    if labels.dtype == np.bool_:
        return labels.astype(np.bool_)
    if labels.dtype.kind not in "iuf" or not np.isin(labels, (0, 1)).all():
        raise ModelError(f"labels of table {name} must be 1 for an anomaly and 0 for the rest")
    truth: NDArray[np.bool_] = labels == 1
    return truth
