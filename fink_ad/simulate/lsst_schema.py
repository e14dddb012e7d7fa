"""The Avro schema of simulated Rubin packets: names and types of schema 10.

The fields are those the science uses; what only the survey's pipeline needs is left out. See
https://github.com/lsst/alert_packet and https://sdm-schemas.lsst.io for their meanings.
"""

from __future__ import annotations

from typing import Any

from fink_ad.simulate.schema import Fields, read_fields

__all__ = [
    "DIA_OBJECT_FIELDS",
    "DIA_SOURCE_FIELDS",
    "FORCED_FIELDS",
    "LSST_PACKET_SCHEMA",
    "LSST_SCHEMA_VERSION",
    "SS_SOURCE_FIELDS",
]

LSST_SCHEMA_VERSION = "lsst.v10_0"
"""Value of ``lsst_schema_version`` in every packet."""

# "?" marks a nullable field, whose union names its own type first and null second.
DIA_SOURCE_FIELDS = read_fields(
    "diaSourceId long, visit long, detector int, diaObjectId long?, ssObjectId long?, "
    "parentDiaSourceId long?, midpointMjdTai double, ra double, raErr float?, dec double, "
    "decErr float?, x float, y float, centroid_flag boolean?, apFlux float?, apFluxErr float?, "
    "isNegative boolean?, snr float?, psfFlux float?, psfFluxErr float?, psfChi2 float?, "
    "psfNdata int?, psfFlux_flag boolean?, psfFlux_flag_edge boolean?",
    "scienceFlux float?, scienceFluxErr float?, templateFlux float?, templateFluxErr float?, "
    "ixx float?, iyy float?, ixy float?, ixxPSF float?, iyyPSF float?, ixyPSF float?, "
    "extendedness float?, reliability float?, band string?, isDipole boolean?, "
    "timeProcessedMjdTai double, timeWithdrawnMjdTai double?, pixelFlags_bad boolean?, "
    "pixelFlags_cr boolean?, pixelFlags_edge boolean?, pixelFlags_interpolatedCenter boolean?, "
    "pixelFlags_saturated boolean?, pixelFlags_streak boolean?, glint_trail boolean?",
)
FORCED_FIELDS = read_fields(
    "diaForcedSourceId long, diaObjectId long, ra double, dec double, visit long, detector int, "
    "psfFlux float?, psfFluxErr float?, midpointMjdTai double, scienceFlux float?, "
    "scienceFluxErr float?, band string?, timeProcessedMjdTai double, timeWithdrawnMjdTai double?"
)
DIA_OBJECT_FIELDS = read_fields(
    "diaObjectId long, validityStartMjdTai double, ra double, dec double, "
    "firstDiaSourceMjdTai double?, lastDiaSourceMjdTai double?, nDiaSources int"
)
SS_SOURCE_FIELDS = read_fields(
    "diaSourceId long?, ssObjectId long?, designation string?, phaseAngle float?, "
    "topoRange float?, helioRange float?, ephVmag float?, ephOffset float?"
)


def _record(name: str, fields: Fields) -> dict[str, Any]:
    return {
        "type": "record",
        "name": name,
        "fields": [
            {"name": field, "type": [kind, "null"] if nullable else kind}
            for field, kind, nullable in fields
        ],
    }


LSST_PACKET_SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "alert",
    "namespace": "lsst.v10_0",
    "doc": "Simulated alert in the format of the Rubin Observatory",
    "fields": [
        {"name": "diaSourceId", "type": "long"},
        {"name": "observation_reason", "type": ["string", "null"]},
        {"name": "target_name", "type": ["string", "null"]},
        {"name": "diaSource", "type": _record("diaSource", DIA_SOURCE_FIELDS)},
        {
            "name": "prvDiaSources",
            "type": [{"type": "array", "items": "diaSource"}, "null"],
        },
        {
            "name": "prvDiaForcedSources",
            "type": [
                {"type": "array", "items": _record("diaForcedSource", FORCED_FIELDS)},
                "null",
            ],
        },
        {"name": "diaObject", "type": [_record("diaObject", DIA_OBJECT_FIELDS), "null"]},
        {"name": "ssSource", "type": [_record("ssSource", SS_SOURCE_FIELDS), "null"]},
        {"name": "cutoutDifference", "type": ["bytes", "null"]},
        {"name": "cutoutScience", "type": ["bytes", "null"]},
        {"name": "cutoutTemplate", "type": ["bytes", "null"]},
        {"name": "lsst_schema_version", "type": "string"},
    ],
}
"""Schema of a packet; branch 0 of every union is the value, branch 1 is null."""
