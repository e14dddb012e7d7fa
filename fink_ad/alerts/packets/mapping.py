"""From decoded packets to an AlertBatch: every row becomes an alert or a rejection."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fink_ad.alerts.avro import field_paths
from fink_ad.alerts.batch import AlertBatch
from fink_ad.alerts.packets.assemble import assemble
from fink_ad.alerts.packets.mapped import SurveyMapping
from fink_ad.alerts.packets.surveys import (
    MAPPINGS,
    major_of,
    packet_versions,
    recognise,
    table_paths,
)
from fink_ad.alerts.schema import CUTOUTS
from fink_ad.alerts.tables import ByteColumn, PacketTables, Rejected

__all__ = ["MappedPackets", "choose_fields", "fields_among", "stamps", "to_batches"]


@dataclass(frozen=True, eq=False)
class MappedPackets:
    """Alerts out of one table of packets, and the rows that could not become alerts.

    Attributes
    ----------
    survey : str
        Empty where the packets are of no known survey.
    alerts : AlertBatch
        Without stamps, in the order of the rows.
    rows : (n_alerts,) int64
        Row of each alert in ``tables.top``.
    rejected : tuple of Rejected
        ``unknown_survey``, ``unknown_version``, ``missing_field`` or ``bad_value``.
    dropped_points : mapping of str to int
        Points left out of the alerts' light curves, by reason; see `assemble`.
    """

    survey: str
    alerts: AlertBatch
    rows: NDArray[np.int64]
    rejected: tuple[Rejected, ...]
    dropped_points: Mapping[str, int] = field(default_factory=dict)


def choose_fields(schema: Mapping[str, Any]) -> list[str]:
    """Return the paths a writer's schema has that the mappings and the stamps need.

    Give this function as ``fields`` to `fink_ad.alerts.avro.read_packets`. Empty for packets of
    no known survey; `to_batches` then rejects them one by one.
    """
    return fields_among(field_paths(schema))


def fields_among(paths: Collection[str], *, with_stamps: bool = True) -> list[str]:
    """Return those of the given paths that the mappings need, and the stamps if asked for."""
    mapping = recognise(paths)
    if mapping is None:
        return []
    there = set(paths)
    wanted = (*mapping.fields, *(mapping.stamp_fields.values() if with_stamps else ()))
    return [path for path in dict.fromkeys(wanted) if path in there]


def to_batches(tables: PacketTables, version_hint: str | int | None = None) -> MappedPackets:
    """Give decoded packets their meaning.

    Never raises for what a packet holds: a packet of an unknown survey or schema major, one whose
    schema lacks a required field, or one without a usable id, time, band or position is rejected
    with its reason, and the others go on.

    Parameters
    ----------
    tables : PacketTables
        Packets of one schema with the fields of `choose_fields`.
    version_hint : str or int, optional
        Schema version known from elsewhere, for packets that do not state it: ``"9.0"``, or the
        id of Rubin's schema registry, 900.
    """
    mapping = recognise(table_paths(tables))
    n_rows = len(tables.top)
    if mapping is None:
        known = ", ".join(m.survey for m in MAPPINGS)
        detail = f"the fields of schema {_schema_name(tables)} are of none of the surveys {known}"
        rejected = [_reject(tables, row, "unknown_survey", detail) for row in range(n_rows)]
        return MappedPackets("", AlertBatch.empty(), np.empty(0, np.int64), tuple(rejected))
    versions, place = packet_versions(tables, mapping, version_hint)
    faults = [_version_fault(mapping, version, tables) for version in versions]
    rejected = []
    usable = np.ones(n_rows, np.bool_)
    for number, fault in enumerate(faults):
        if fault:
            bad = np.flatnonzero(place == number)
            rejected += [_reject(tables, int(row), *fault) for row in bad]
            usable[bad] = False
    mapped = mapping.map(tables)
    for check in mapped.checks:
        for row in np.flatnonzero(usable & ~check.usable):
            detail = (
                f"{mapping.survey} packet of schema {versions[place[row]]}: "
                f"{check.field} is {_shown(check.value(int(row)))}"
            )
            rejected.append(_reject(tables, int(row), "bad_value", detail))
        usable &= check.usable
    rows = np.flatnonzero(usable)
    version_column = pa.array(versions, pa.string()).take(pa.array(place[rows]))
    alerts, dropped = assemble(mapping.survey, mapped, rows, version_column)
    return MappedPackets(mapping.survey, alerts, rows, tuple(rejected), dropped)


def stamps(tables: PacketTables, rows: NDArray[np.int64]) -> pa.Table:
    """Return the stamps of the given rows of ``tables.top``.

    Columns ``cutout_science``, ``cutout_template`` and ``cutout_difference``, binary, null where
    the packet has none: gzipped FITS for ZTF, plain FITS for Rubin.
    """
    mapping = recognise(table_paths(tables))
    rows = np.asarray(rows, np.int64)
    columns = {}
    for name in CUTOUTS:
        column = tables.top.columns.get(mapping.stamp_fields[name]) if mapping else None
        if isinstance(column, ByteColumn):
            columns[f"cutout_{name}"] = column.to_arrow(rows).cast(pa.binary())
        else:
            columns[f"cutout_{name}"] = pa.nulls(len(rows), pa.binary())
    return pa.table(columns)


def _version_fault(
    mapping: SurveyMapping, version: str, tables: PacketTables
) -> tuple[str, str] | None:
    """Return the reason and the detail if packets of this version cannot be read."""
    major = major_of(version)
    if major is None or major not in mapping.majors:
        known = ", ".join(str(major) for major in mapping.majors)
        return (
            "unknown_version",
            f"{mapping.survey} schema version {version!r} is not known; majors read are {known}",
        )
    there = set(table_paths(tables))
    missing = [path for path in mapping.required(major) if path not in there]
    if missing:
        return (
            "missing_field",
            f"{mapping.survey} schema {version} must have the field {missing[0]!r}, "
            f"but schema {_schema_name(tables)} has not",
        )
    return None


def _reject(tables: PacketTables, row: int, reason: str, detail: str) -> Rejected:
    return Rejected(
        message=int(tables.message[row]),
        record=int(tables.record[row]),
        reason=reason,
        detail=detail,
        schema_hash=tables.schema_hash,
    )


def _schema_name(tables: PacketTables) -> str:
    name = tables.schema.get("name") or "without a name"
    return f"{name} ({tables.schema_hash[:12]})"


def _shown(value: object) -> str:
    if isinstance(value, pa.Scalar):
        value = value.as_py()
    elif isinstance(value, np.generic):
        value = value.item()
    return "missing" if value is None else repr(value)[:80]
