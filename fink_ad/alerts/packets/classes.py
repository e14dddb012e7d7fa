"""Classifications a broker has added to a packet, as ``classifier=class``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fink_ad.alerts.packets.columns import Columns

__all__ = ["broker_classes"]

_NOTHING = pa.array(["unknown", "nan", "none", "null", "n/a", ""], pa.string())
_FAILED = "fail"


def broker_classes(
    columns: Columns,
    texts: Mapping[str, str],
    codes: Mapping[str, tuple[str, int]],
) -> pa.ListArray:
    """Gather the classes each alert has been given, in the order of the classifiers.

    Parameters
    ----------
    columns : Columns
        Alert-level table.
    texts : mapping of str to str
        Field of a class name, by classifier.
    codes : mapping of str to (str, int)
        Field of an integer class and the lowest code that says something, by classifier.

    Returns
    -------
    pyarrow.ListArray
        One list of strings per alert, empty where nothing is known. Words for "nothing known"
        (Unknown, nan, None, Fail ...) are no classes.
    """
    names: list[pa.Array] = []
    for classifier, path in texts.items():
        if path in columns:
            names.append(_named(classifier, _without_nothing(columns.text(path))))
    for classifier, (path, lowest) in codes.items():
        if path in columns:
            values, valid = columns.ids(path)
            numbers = pa.array(values, mask=~(valid & (values >= lowest))).cast(pa.string())
            names.append(_named(classifier, numbers))
    return _interleave(names, columns.n)


def _without_nothing(text: pa.StringArray) -> pa.StringArray:
    lower = pc.utf8_lower(text)
    nothing = pc.or_(pc.is_in(lower, value_set=_NOTHING), pc.starts_with(lower, _FAILED))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), text)


def _named(classifier: str, text: pa.StringArray) -> pa.StringArray:
    return pc.binary_join_element_wise(f"{classifier}=", text, "")


def _interleave(names: Sequence[pa.Array], n_alerts: int) -> pa.ListArray:
    """Turn one nullable array per classifier into one list per alert."""
    if not names:
        offsets = np.zeros(n_alerts + 1, np.int32)
        return pa.ListArray.from_arrays(offsets, pa.array([], pa.string()))
    given: NDArray[np.bool_] = np.stack([name.is_valid().to_numpy(False) for name in names], axis=1)
    row, classifier = np.nonzero(given)
    values = pa.concat_arrays(names).take(pa.array(classifier * n_alerts + row))
    offsets = np.concatenate(([0], np.cumsum(given.sum(axis=1)))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values)
