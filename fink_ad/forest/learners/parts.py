"""Arrays of several parts in one flat mapping: ``part.name``, and plain names for the main one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

__all__ = ["join_parts", "split_parts"]


def join_parts(parts: Mapping[str, Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Return the arrays of all parts; those of the part named "" keep their names."""
    return {
        f"{part}.{name}" if part else name: array
        for part, arrays in parts.items()
        for name, array in arrays.items()
    }


def split_parts(arrays: Mapping[str, NDArray[Any]]) -> dict[str, dict[str, NDArray[Any]]]:
    """Return what was given to `join_parts`; empty parts are gone."""
    parts: dict[str, dict[str, NDArray[Any]]] = {"": {}}
    for key, array in arrays.items():
        part, dot, name = key.rpartition(".")
        parts.setdefault(part if dot else "", {})[name] = array
    return parts
