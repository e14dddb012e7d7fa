"""Which survey, and which version of its schema, packets are of."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.packets.columns import Columns
from fink_ad.alerts.packets.lsst import ELASTICC, LSST
from fink_ad.alerts.packets.mapped import SurveyMapping
from fink_ad.alerts.packets.ztf import ZtfMapping
from fink_ad.alerts.tables import PacketTables

__all__ = ["MAPPINGS", "major_of", "packet_versions", "recognise", "table_paths"]

MAPPINGS: tuple[SurveyMapping, ...] = (ZtfMapping(), LSST, ELASTICC)
"""The surveys packets can be of."""

_VERSION = re.compile(r"(\d+)[._](\d+)")


def recognise(paths: Collection[str]) -> SurveyMapping | None:
    """Return the mapping of the survey whose packets have these fields, or None."""
    return next((mapping for mapping in MAPPINGS if mapping.recognises(paths)), None)


def table_paths(tables: PacketTables) -> list[str]:
    """List the fields that were read, as paths from the top of the packet."""
    paths = list(tables.top.columns)
    for name, table in tables.children.items():
        paths += [f"{name}.{column}" for column in table.columns]
    return paths


def major_of(version: str) -> int | None:
    """Return the major of ``3.3``, ``lsst.v10_0`` or ``900`` (major × 100 + minor), or None."""
    found = _VERSION.search(version)
    if found:
        return int(found[1])
    return int(version) // 100 if version.isdecimal() and int(version) >= 100 else None


def packet_versions(
    tables: PacketTables, mapping: SurveyMapping, hint: str | int | None
) -> tuple[list[str], NDArray[np.int64]]:
    """Return the schema versions that occur, as ``major.minor``, and each row's place among them.

    A packet's own word comes first; then the hint (the id of a schema registry, or a version);
    then the schema's version or namespace; at last a guess by the fields there are.
    """
    fallback = (
        _plain(str(hint or ""))
        or _of_schema(tables.schema)
        or mapping.infer_version(table_paths(tables))
    )
    stated = Columns(tables.top).text(mapping.version_field).fill_null(fallback)
    encoded = stated.dictionary_encode()
    versions = [_plain(version) or version for version in encoded.dictionary.to_pylist()]
    return versions, encoded.indices.to_numpy().astype(np.int64)


def _plain(version: str) -> str:
    """Return ``10.0`` for ``lsst.v10_0`` and ``9.0`` for ``900``; empty if it is no version."""
    found = _VERSION.search(version)
    if found:
        return f"{found[1]}.{found[2]}"
    if version.isdecimal() and int(version) >= 100:
        return f"{int(version) // 100}.{int(version) % 100}"
    return ""


def _of_schema(schema: Mapping[str, Any]) -> str:
    names = (schema.get(key) for key in ("version", "namespace", "name"))
    return next((plain for name in names if name and (plain := _plain(str(name)))), "")
