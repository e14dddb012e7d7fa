"""The Avro schema of simulated packets: field names and types of ZTF alerts, version 3.3.

The fields are those the science uses; what only the survey's pipeline needs is left out. See
https://zwickytransientfacility.github.io/ztf-avro-alert/schema.html for their meanings.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "CANDIDATE_FIELDS",
    "PACKET_SCHEMA",
    "PRV_CANDIDATE_FIELDS",
    "SCHEMA_VERSION",
    "Fields",
    "read_fields",
]

Fields = tuple[tuple[str, str, bool], ...]
"""Fields of a record as (name, Avro type, nullable), in order."""

SCHEMA_VERSION = "3.3"
"""Value of ``schemavsn`` in every packet."""

# "?" marks a nullable field, whose union names its own type first and null second.
_EXPOSURE = (
    "jd double, fid int, pid long, diffmaglim float?, programpi string?, programid int, "
    "nid int?, rcid int?, field int?"
)
_DETECTION = (
    "tblid long?, xpos float?, ypos float?, chipsf float?, magap float?, sigmagap float?, "
    "distnr float?, magnr float?, sigmagnr float?, chinr float?, sharpnr float?, sky float?, "
    "fwhm float?, classtar float?, mindtoedge float?, magfromlim float?, seeratio float?, "
    "aimage float?, bimage float?, elong float?, nneg int?, nbad int?, rb float?, "
    "ssdistnr float?, ssmagnr float?, ssnamenr string?, scorr double?, magzpsci float?, "
    "rbversion string"
)
_IDENTITY = (
    "candid long, isdiffpos string, ra double, dec double, magpsf float, sigmapsf float, "
    "ranr double, decnr double"
)
_CONTEXT = (
    "sgmag1 float?, srmag1 float?, simag1 float?, szmag1 float?, sgscore1 float?, "
    "distpsnr1 float?, objectidps1 long?, nmtchps int, ndethist int, ncovhist int, "
    "jdstarthist double?, jdendhist double?, tooflag int?, rfid long, jdstartref double, "
    "jdendref double, nframesref int, neargaia float?, neargaiabright float?, maggaia float?, "
    "maggaiabright float?, exptime float?, drb float?, drbversion string"
)


def read_fields(*texts: str) -> Fields:
    """Read "name type, name type?" texts into (name, type, nullable)."""
    pairs = [pair.split() for text in texts for pair in text.split(", ")]
    return tuple((name, kind.removesuffix("?"), kind.endswith("?")) for name, kind in pairs)


def _nullable(text: str) -> str:
    return ", ".join(f"{pair}?" for pair in text.split(", "))


CANDIDATE_FIELDS = read_fields(_EXPOSURE, _IDENTITY, _DETECTION, _CONTEXT)
"""Fields of ``candidate`` as (name, Avro type, nullable), in the order of the packet."""

PRV_CANDIDATE_FIELDS = read_fields(_EXPOSURE, _nullable(_IDENTITY), _DETECTION)
"""Fields of one of ``prv_candidates``; all of a detection is null for an upper limit."""


def _record(name: str, fields: Fields) -> dict[str, Any]:
    return {
        "type": "record",
        "name": name,
        "fields": [
            {"name": field, "type": [kind, "null"] if nullable else kind}
            for field, kind, nullable in fields
        ],
    }


_CUTOUT = {
    "type": "record",
    "name": "cutout",
    "fields": [{"name": "fileName", "type": "string"}, {"name": "stampData", "type": "bytes"}],
}

PACKET_SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "alert",
    "namespace": "ztf",
    "doc": "Simulated alert in the format of ZTF",
    "version": SCHEMA_VERSION,
    "fields": [
        {"name": "schemavsn", "type": "string"},
        {"name": "publisher", "type": "string"},
        {"name": "objectId", "type": "string"},
        {"name": "candid", "type": "long"},
        {"name": "candidate", "type": _record("candidate", CANDIDATE_FIELDS)},
        {
            "name": "prv_candidates",
            "type": [
                {"type": "array", "items": _record("prv_candidate", PRV_CANDIDATE_FIELDS)},
                "null",
            ],
        },
        {"name": "cutoutScience", "type": [_CUTOUT, "null"]},
        {"name": "cutoutTemplate", "type": ["cutout", "null"]},
        {"name": "cutoutDifference", "type": ["cutout", "null"]},
    ],
}
"""Schema of a packet; branch 0 of every union is the value, branch 1 is null."""
