"""Rubin packets, schema 7 to 11, and their simulated forerunner ELAsTiCC.

Meanings of the fields: https://github.com/lsst/alert_packet and https://sdm-schemas.lsst.io
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fink_ad.alerts.packets.bodies import population_codes
from fink_ad.alerts.packets.classes import broker_classes
from fink_ad.alerts.packets.columns import Columns
from fink_ad.alerts.packets.flags import PointFlag
from fink_ad.alerts.packets.mapped import Check, MappedAlerts, PointBlock
from fink_ad.alerts.packets.reference import SCIENCE, with_reference
from fink_ad.alerts.points import NO_POINT_ID
from fink_ad.alerts.schema import BANDS, KINDS
from fink_ad.alerts.tables import PacketTables
from fink_ad.alerts.times import has_night, tai_to_utc

__all__ = ["ELASTICC", "LSST", "LsstMapping", "Names"]

_DETECTION, _FORCED, _LIMIT = (np.int8(KINDS.index(k)) for k in ("detection", "forced", "limit"))

_BAND_OF_LETTER = np.full(256, -1, np.int8)
for _code, _band in enumerate(BANDS):
    _BAND_OF_LETTER[ord(_band)] = _code
    _BAND_OF_LETTER[ord(_band.upper())] = _code  # ELAsTiCC writes Y

_FLAG_FIELDS = {
    "pixelFlags_bad": PointFlag.BAD_PIXELS,
    "pixelFlags_edge": PointFlag.EDGE,
    "psfFlux_flag_edge": PointFlag.EDGE,
    "pixelFlags_saturated": PointFlag.SATURATED,
    "pixelFlags_cr": PointFlag.COSMIC_RAY,
    "pixelFlags_interpolatedCenter": PointFlag.INTERPOLATED_CENTRE,
    "isDipole": PointFlag.DIPOLE,
    "psfFlux_flag": PointFlag.FLUX_FAILED,
    "centroid_flag": PointFlag.CENTROID_FAILED,
    "pixelFlags_streak": PointFlag.STREAK,
    "glint_trail": PointFlag.STREAK,
    "pixelFlags_injected": PointFlag.INJECTED,
}

_TEXT_CLASSES = {
    "cdsxmatch": "cdsxmatch",
    "xm.simbad": "xm.simbad_otype",
    "xm.tns": "xm.tns_type",
    "xm.vsx": "xm.vsx_Type",
    "xm.gcvs": "xm.gcvs_type",
    "xm.3hsp": "xm.x3hsp_type",
    "xm.4lac": "xm.x4lac_type",
    "xm.spicy": "xm.spicy_class",
}
_CODE_CLASSES = {"clf.cats": ("clf.cats_class", 0)}  # -1: not classified

_DESIGNATIONS = (
    "mpc_orbits.unpacked_primary_provisional_designation",
    "mpc_orbits.designation",
    "MPCORB.mpcDesignation",
    "ssSource.designation",
)

_AU_KM = 1.495978707e8
_LEAST_RANGE_AU = 1e-5
_LIMIT_SIGMAS = 5.0
_NO_MAGNITUDE = 90.0
"""Magnitudes from here on are no measurement: 99 and 999 stand for none."""
_JULIAN_DATES = 2e5
"""A time beyond this (the year 2406) is no MJD but, most likely, a Julian date."""


@dataclass(frozen=True)
class Names:
    """Names that differ between Rubin and ELAsTiCC."""

    time: str
    dec: str
    flux: str
    flux_err: str
    band: str


class LsstMapping:
    """Rubin: signed difference fluxes, a year of history, forced photometry.

    The total flux of a point is ``psfFlux`` plus one reference for its object and band: the median
    ``templateFlux`` of the detections, or where the band has none of ``scienceFlux`` - ``psfFlux``;
    where the packet has neither (schema 7, ELAsTiCC) it is the difference. The template is
    measured at the very position, so its separation is 0. See `with_reference`.
    """

    stamp_fields: Mapping[str, str] = {
        "science": "cutoutScience",
        "template": "cutoutTemplate",
        "difference": "cutoutDifference",
    }
    version_field = "lsst_schema_version"

    def __init__(self, survey: str, majors: tuple[int, ...], names: Names) -> None:
        self.survey = survey
        self.majors = majors
        self.names = names
        point = (names.time, names.band, names.flux, names.flux_err, "ra", names.dec)
        source = (
            *(
                *point,
                "scienceFlux",
                "templateFlux",
                "templateFluxErr",
                "diaSourceId",
                "reliability",
            ),
            *(*_FLAG_FIELDS, "timeWithdrawnMjdTai"),
        )
        self.fields = (
            *("alertId", "diaSourceId", self.version_field),
            *(f"diaSource.{n}" for n in (*source, "diaObjectId", "ssObjectId")),
            *(f"diaSource.{n}" for n in ("ixxPSF", "iyyPSF", "ixx", "iyy", "ixy")),
            *(f"prvDiaSources[].{n}" for n in source),
            *(f"prvDiaForcedSources[].{n}" for n in (*point, "scienceFlux", "diaForcedSourceId")),
            "prvDiaForcedSources[].timeWithdrawnMjdTai",
            *(f"prvDiaNondetectionLimits[].{n}" for n in (names.time, names.band, "diaNoise")),
            *("diaObject.diaObjectId", "diaObject.nDiaSources", "diaObject.firstDiaSourceMjdTai"),
            *("diaObject.nearbyObj1Dist", "diaObject.hostgal_snsep", "diaObject.hostgal_mag_r"),
            *("misc.firstDiaSourceMjdTaiFink", "xm.legacydr8_pstar"),
            *("ssObject.ssObjectId", "ssSource.ssObjectId", "ssSource.phaseAngle"),
            *("ssSource.helioRange", "ssSource.topoRange", "ssSource.ephVmag"),
            *("ssSource.heliocentricDist", "ssSource.topocentricDist"),
            *("ssSource.predictedVMagnitude", "ssSource.ephOffset"),
            *_DESIGNATIONS,
            *_TEXT_CLASSES.values(),
            *(path for path, _ in _CODE_CLASSES.values()),
        )

    def recognises(self, paths: Iterable[str]) -> bool:
        """Say whether these are fields of a packet with sources under these names."""
        old_names = {"diaSource.midPointTai", "diaSource.filterName", "diaSource.psFlux"}
        sources = {path for path in paths if path.startswith("diaSource.")}
        return bool(sources) and (self.survey == "elasticc") == bool(sources & old_names)

    def required(self, major: int) -> tuple[str, ...]:
        """Return the fields without which packets cannot be read; 8.0 renamed ``alertId``."""
        key = "diaSourceId" if self.survey == "lsst" and major >= 8 else "alertId"
        n = self.names
        point = (n.time, n.band, n.flux, n.flux_err, "ra", n.dec, "diaSourceId")
        return (key, *(f"diaSource.{name}" for name in point))

    def infer_version(self, paths: Iterable[str]) -> str:
        """Guess the version by the fields that came and went: 7 alertId, 8 MPCORB, 10 mpc_orbits.

        Schema 9 reads like 8 and schema 11 like 10.
        """
        tops = {path.partition(".")[0] for path in paths}
        if self.survey == "elasticc":
            return "0.9"
        if "mpc_orbits" in tops:
            return "10.0"
        return "8.0" if "MPCORB" in tops or "diaSourceId" in tops else "7.1"

    def map(self, tables: PacketTables) -> MappedAlerts:
        """Give the columns their meaning."""
        top = Columns(tables.top)
        own = self._source_points(top, "diaSource.")
        children = {path: Columns(table) for path, table in tables.children.items()}
        blocks = [PointBlock(top.parent, own)]
        if (sources := children.get("prvDiaSources[]")) is not None:
            blocks.append(PointBlock(sources.parent, self._source_points(sources, "")))
        if (forced := children.get("prvDiaForcedSources[]")) is not None:
            blocks.append(PointBlock(forced.parent, self._forced_points(forced)))
        blocks = with_reference(blocks)
        if (limits := children.get("prvDiaNondetectionLimits[]")) is not None:
            blocks.append(PointBlock(limits.parent, self._limit_points(limits)))
        return MappedAlerts(_alert_columns(top, own), tuple(blocks), self._checks(top, own))

    def _times_and_fluxes(self, columns: Columns, at: str) -> dict[str, NDArray[Any]]:
        names = self.names
        diff = columns.floats(at + names.flux)
        diff_err = columns.floats(at + names.flux_err)
        with np.errstate(invalid="ignore"):
            limit = np.where(diff_err > 0, _LIMIT_SIGMAS * diff_err, np.nan)
        return {
            "mjd_utc": tai_to_utc(columns.floats(at + names.time)),
            "band": _BAND_OF_LETTER[columns.initials(at + names.band)],
            "diff_flux_njy": diff,
            "diff_flux_err_njy": diff_err,
            "ref_flux_njy": columns.floats(at + "templateFlux"),
            "ref_flux_err_njy": columns.floats(at + "templateFluxErr"),
            SCIENCE: columns.floats(at + "scienceFlux"),
            "limit_flux_njy": limit,
            "ra_deg": columns.floats(at + "ra"),
            "dec_deg": columns.floats(at + names.dec),
        }

    def _source_points(self, columns: Columns, at: str) -> dict[str, NDArray[Any]]:
        points = self._times_and_fluxes(columns, at)
        flags = np.where(columns.given(at + "timeWithdrawnMjdTai"), PointFlag.WITHDRAWN, 0)
        for name, flag in _FLAG_FIELDS.items():
            if (at + name) in columns:
                flags |= np.where(columns.true(at + name), flag, 0)
        ids, given = columns.ids(at + "diaSourceId")
        return points | {
            "kind": np.full(columns.n, _DETECTION),
            "real_bogus": columns.floats(at + "reliability"),
            "flags": flags.astype(np.int64),
            "point_id": np.where(given, ids, NO_POINT_ID),
        }

    def _forced_points(self, columns: Columns) -> dict[str, NDArray[Any]]:
        ids, given = columns.ids("diaForcedSourceId")
        withdrawn = columns.given("timeWithdrawnMjdTai")
        return self._times_and_fluxes(columns, "") | {
            "kind": np.full(columns.n, _FORCED),
            "flags": np.where(withdrawn, PointFlag.WITHDRAWN, 0).astype(np.int64),
            "point_id": np.where(given, ids, NO_POINT_ID),
        }

    def _limit_points(self, columns: Columns) -> dict[str, NDArray[Any]]:
        return {
            "mjd_utc": tai_to_utc(columns.floats(self.names.time)),
            "band": _BAND_OF_LETTER[columns.initials(self.names.band)],
            "kind": np.full(columns.n, _LIMIT),
            "limit_flux_njy": _LIMIT_SIGMAS * columns.floats("diaNoise"),
        }

    def _checks(self, top: Columns, own: Mapping[str, NDArray[Any]]) -> tuple[Check, ...]:
        names = self.names
        time, ra = top.floats(f"diaSource.{names.time}"), own["ra_deg"]
        in_time = has_night(own["mjd_utc"]) & (time < _JULIAN_DATES)
        dec, band = own["dec_deg"], top.text(f"diaSource.{names.band}")
        return (
            Check("diaSource.diaSourceId", own["point_id"] > 0, lambda row: None),
            Check(f"diaSource.{names.time}", in_time, lambda row: time[row]),
            Check(f"diaSource.{names.band}", own["band"] >= 0, lambda row: band[row]),
            Check("diaSource.ra", (ra >= 0) & (ra <= 360), lambda row: ra[row]),
            Check(f"diaSource.{names.dec}", np.abs(dec) <= 90, lambda row: dec[row]),
        )


def _alert_columns(top: Columns, own: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    ixx, iyy, ixy = (top.floats(f"diaSource.{name}") for name in ("ixx", "iyy", "ixy"))
    object_id, has_object = _first_id(top, "diaSource.diaObjectId", "diaObject.diaObjectId")
    _, has_body = _first_id(
        top, "diaSource.ssObjectId", "ssSource.ssObjectId", "ssObject.ssObjectId"
    )
    designation = pc.coalesce(*(top.text(path) for path in _DESIGNATIONS))
    has_body |= designation.is_valid().to_numpy(zero_copy_only=False)
    body = has_body & ~has_object
    first = _first_of(
        top.floats("diaObject.firstDiaSourceMjdTai"), top.floats("misc.firstDiaSourceMjdTaiFink")
    )
    return {
        "alert_id": own["point_id"],
        "object_id": pc.coalesce(
            pa.array(object_id, mask=~has_object).cast(pa.string()),
            designation,
            pc.binary_join_element_wise(
                "diaSource", pa.array(own["point_id"]).cast(pa.string()), ":"
            ),
        ),
        "population": population_codes(body),
        "fwhm_arcsec": _fwhm(top.floats("diaSource.ixxPSF"), top.floats("diaSource.iyyPSF")),
        "elongation": _elongation(ixx, iyy, ixy),
        "star_galaxy": top.floats("xm.legacydr8_pstar"),
        "nearest_source_arcsec": _first_of(
            top.separations("diaObject.nearbyObj1Dist"), top.separations("diaObject.hostgal_snsep")
        ),
        # ELAsTiCC writes -9 and 999 where there is no host.
        "nearest_source_mag": top.floats("diaObject.hostgal_mag_r", above=0.0, below=_NO_MAGNITUDE),
        "n_det_survey": top.floats("diaObject.nDiaSources"),
        "first_det_mjd_utc": tai_to_utc(first),
        "solar_system_sep_arcsec": top.separations("ssSource.ephOffset"),
        "designation": designation,
        "phase_deg": top.floats("ssSource.phaseAngle"),
        "helio_au": _range_au(top, "ssSource.helioRange", "ssSource.heliocentricDist"),
        "topo_au": _range_au(top, "ssSource.topoRange", "ssSource.topocentricDist"),
        # 0 stands for "not computed" in the packets of 2026.
        "predicted_mag": np.fmax(
            top.floats("ssSource.ephVmag", above=0.0),
            top.floats("ssSource.predictedVMagnitude", above=0.0),
        ),
        "broker_classes": broker_classes(top, _TEXT_CLASSES, _CODE_CLASSES),
    }


def _first_id(top: Columns, *paths: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the first id that is given and not 0, which also stands for "none"."""
    ids, found = np.zeros(top.n, np.int64), np.zeros(top.n, np.bool_)
    for path in paths:
        values, valid = top.ids(path)
        ids = np.where(found, ids, values)
        found |= valid & (values != 0)
    return ids, found


def _first_of(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(first), first, second)


def _range_au(top: Columns, first: str, second: str) -> NDArray[np.float64]:
    """Distance of a body [au].

    Packets of schema 10.0 state it divided by the kilometres of an au once too often (main-belt
    bodies at 2e-8); nothing can be seen that near, so such values are taken back to au.
    """
    value = _first_of(top.floats(first, above=0.0), top.floats(second, above=0.0))
    with np.errstate(invalid="ignore"):
        return np.where(value < _LEAST_RANGE_AU, value * _AU_KM, value)


def _fwhm(ixx: NDArray[np.float64], iyy: NDArray[np.float64]) -> NDArray[np.float64]:
    """Full width at half maximum of a Gaussian with these second moments [arcsec²]."""
    with np.errstate(invalid="ignore"):
        fwhm: NDArray[np.float64] = np.sqrt(8.0 * np.log(2.0) * (ixx + iyy) / 2.0)
    return fwhm


def _elongation(
    ixx: NDArray[np.float64], iyy: NDArray[np.float64], ixy: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Ratio of the axes of the ellipse with these second moments; NaN where it is none."""
    mean, spread = (ixx + iyy) / 2.0, np.hypot((ixx - iyy) / 2.0, ixy)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(mean > spread, np.sqrt((mean + spread) / (mean - spread)), np.nan)


LSST = LsstMapping(
    "lsst", (7, 8, 9, 10, 11), Names("midpointMjdTai", "dec", "psfFlux", "psfFluxErr", "band")
)
ELASTICC = LsstMapping(
    "elasticc", (0, 1), Names("midPointTai", "decl", "psFlux", "psFluxErr", "filterName")
)
