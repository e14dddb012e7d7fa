"""ZTF packets, schema 3 and 4, as ZTF sends them and as a broker enriches them.

Meanings of the fields: https://github.com/ZwickyTransientFacility/ztf-avro-alert
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fink_ad.alerts.packets.bodies import population_codes, ztf_body
from fink_ad.alerts.packets.classes import broker_classes
from fink_ad.alerts.packets.columns import Columns
from fink_ad.alerts.packets.flags import PointFlag
from fink_ad.alerts.packets.mapped import Check, MappedAlerts, PointBlock
from fink_ad.alerts.photometry import (
    AB_ZERO_POINT,
    ZTF_PIXEL_ARCSEC,
    mag_to_flux,
    signed_difference_flux,
    total_flux,
)
from fink_ad.alerts.points import NO_POINT_ID
from fink_ad.alerts.schema import BANDS, KINDS
from fink_ad.alerts.tables import PacketTables
from fink_ad.alerts.times import has_night, jd_start_to_mjd_mid

__all__ = ["ZtfMapping"]

_DETECTION, _FORCED, _LIMIT = (np.int8(KINDS.index(k)) for k in ("detection", "forced", "limit"))
_BAND_OF_FID = np.array([-1, *(BANDS.index(band) for band in "gri")], np.int8)

_SENTINEL = -900.0
"""Optional fields hold -999 (or -99999) where ZTF has no value."""

_UNCLASSIFIED = 0.5
"""``sgscore1`` is exactly this where the Pan-STARRS source has no classification: so it is for 8 %
of 195 genuine alerts, with sources of magnitude 11 to 22, where a true tie would be rare."""

_PID_EPOCH_JD = 2_457_754.5
_PID_TOLERANCE_S = 2.0
"""``pid`` holds the start of the exposure cut to 1e-6 day; on genuine packets ``jd`` agrees within
0.9 s, of which 0.1 s is that cut and the rest the rounding of ``jd``."""

_TEXT_CLASSES = {
    "cdsxmatch": "cdsxmatch",
    "tns": "tns",
    "tnsclass": "tnsclass",
    "vsx": "vsx",
    "gcvs": "gcvs",
}
_CODE_CLASSES = {"roid": ("roid", 1)}  # 0: not known to move

_OWN = (
    *("jd", "fid", "pid", "diffmaglim", "isdiffpos", "ra", "dec", "magpsf", "sigmapsf"),
    *("distnr", "magnr", "sigmagnr", "rb", "nbad"),
)
_CANDIDATE = (
    *(*_OWN, "exptime", "drb", "fwhm", "elong", "mindtoedge", "sgscore1", "distpsnr1", "srmag1"),
    *("neargaia", "maggaia", "ndethist", "ncovhist", "jdstarthist"),
    *("ssdistnr", "ssmagnr", "ssnamenr"),
)
_FORCED_FIELDS = (
    *("jd", "fid", "pid", "exptime", "diffmaglim", "forcediffimflux", "forcediffimfluxunc"),
    *("magzpsci", "distnr", "magnr", "sigmagnr"),
)


class ZtfMapping:
    """ZTF: difference magnitudes with a sign, 30 days of history, forced photometry from 4.0."""

    survey = "ztf"
    fields: tuple[str, ...] = (
        *("objectId", "candid", "schemavsn"),
        *(f"candidate.{name}" for name in _CANDIDATE),
        *(f"prv_candidates[].{name}" for name in (*_OWN, "candid")),
        *(f"fp_hists[].{name}" for name in _FORCED_FIELDS),
        *_TEXT_CLASSES.values(),
        *(path for path, _ in _CODE_CLASSES.values()),
    )
    stamp_fields: Mapping[str, str] = {
        "science": "cutoutScience.stampData",
        "template": "cutoutTemplate.stampData",
        "difference": "cutoutDifference.stampData",
    }
    version_field = "schemavsn"
    majors: tuple[int, ...] = (3, 4)

    def recognises(self, paths: Iterable[str]) -> bool:
        """Say whether these are fields of a ZTF packet: a candidate and its ids."""
        tops = {path.partition(".")[0] for path in paths}
        return "candidate" in tops and bool({"objectId", "candid"} & tops)

    def required(self, major: int) -> tuple[str, ...]:
        """Return the fields without which packets cannot be read; the same in every major."""
        names = ("jd", "fid", "ra", "dec", "magpsf", "sigmapsf", "isdiffpos")
        return ("objectId", "candid", *(f"candidate.{name}" for name in names))

    def infer_version(self, paths: Iterable[str]) -> str:
        """Guess the version: 4.02 has forced photometry, 3.3 has not."""
        return "4.02" if any(path.startswith("fp_hists") for path in paths) else "3.3"

    def map(self, tables: PacketTables) -> MappedAlerts:
        """Give the columns their meaning."""
        top = Columns(tables.top)
        own = _candidate_points(top, "candidate.")
        own["point_id"], id_given = top.ids("candid")
        drb = top.floats("candidate.drb", above=_SENTINEL)
        own["real_bogus"] = np.where(np.isfinite(drb), drb, own["real_bogus"])
        blocks = [PointBlock(top.parent, own)]
        if "prv_candidates[]" in tables.children:
            blocks.append(_history(Columns(tables.children["prv_candidates[]"])))
        if "fp_hists[]" in tables.children:
            blocks.append(_forced(Columns(tables.children["fp_hists[]"])))
        return MappedAlerts(_alert_columns(top, own), tuple(blocks), _checks(top, own, id_given))


def _alert_columns(top: Columns, own: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    def number(name: str) -> NDArray[np.float64]:
        return top.floats(f"candidate.{name}", above=_SENTINEL)

    separation = top.separations("candidate.ssdistnr")
    star_galaxy = number("sgscore1")
    name = top.text("candidate.ssnamenr")
    name = pc.if_else(pc.equal(name, "null"), pa.scalar(None, pa.string()), name)
    named = name.is_valid().to_numpy(zero_copy_only=False)
    return {
        "alert_id": own["point_id"],
        "object_id": top.text("objectId"),
        "population": population_codes(ztf_body(separation, named)),
        "fwhm_arcsec": number("fwhm") * ZTF_PIXEL_ARCSEC,
        "elongation": number("elong"),
        "bad_pixels": number("nbad"),
        "edge_px": number("mindtoedge"),
        "star_galaxy": np.where(star_galaxy == _UNCLASSIFIED, np.nan, star_galaxy),
        "nearest_source_arcsec": top.separations("candidate.distpsnr1"),
        "nearest_source_mag": number("srmag1"),
        "gaia_sep_arcsec": top.separations("candidate.neargaia"),
        "gaia_mag": number("maggaia"),
        "n_det_survey": number("ndethist"),
        "n_cov_survey": number("ncovhist"),
        "first_det_mjd_utc": jd_start_to_mjd_mid(number("jdstarthist")),
        "solar_system_sep_arcsec": separation,
        "designation": name,
        "predicted_mag": np.where(named, number("ssmagnr"), np.nan),
        "broker_classes": broker_classes(top, _TEXT_CLASSES, _CODE_CLASSES),
    }


def _candidate_points(columns: Columns, at: str) -> dict[str, NDArray[Any]]:
    """Photometry of ``candidate`` or of the rows of ``prv_candidates``."""

    def number(name: str) -> NDArray[np.float64]:
        return columns.floats(at + name, above=_SENTINEL)

    sign = columns.initials(at + "isdiffpos")
    positive = ~np.isin(sign, np.frombuffer(b"f0", np.uint8))
    diff, diff_err = signed_difference_flux(number("magpsf"), number("sigmapsf"), positive)
    ref, ref_err = mag_to_flux(number("magnr"), number("sigmagnr"))
    sep = number("distnr") * ZTF_PIXEL_ARCSEC
    total, total_err = total_flux(diff, diff_err, ref, ref_err, sep)
    jd = columns.floats(at + "jd")
    detected = np.isfinite(diff)
    flags = np.where(number("nbad") > 0, PointFlag.BAD_PIXELS, 0)
    flags |= _time_flag(columns, at, jd)
    flags |= np.where(detected & (sign == 0), PointFlag.SIGN_UNKNOWN, 0)
    return {
        "mjd_utc": jd_start_to_mjd_mid(jd, number("exptime")),
        "band": _band(columns, at),
        "kind": np.where(detected, _DETECTION, _LIMIT),
        "diff_flux_njy": diff,
        "diff_flux_err_njy": diff_err,
        "total_flux_njy": total,
        "total_flux_err_njy": total_err,
        "ref_flux_njy": ref,
        "ref_flux_err_njy": ref_err,
        "ref_sep_arcsec": sep,
        "limit_flux_njy": mag_to_flux(number("diffmaglim"))[0],
        "ra_deg": columns.floats(at + "ra"),
        "dec_deg": columns.floats(at + "dec"),
        "real_bogus": number("rb"),
        "flags": flags.astype(np.int64),
    }


def _history(columns: Columns) -> PointBlock:
    """Return previous detections, and upper limits where there is no magnitude."""
    points = _candidate_points(columns, "")
    ids, given = columns.ids("candid")
    points["point_id"] = np.where(given, ids, NO_POINT_ID)
    return PointBlock(columns.parent, points)


def _forced(columns: Columns) -> PointBlock:
    """Return forced photometry: counts on their image's zero point; ``distnr`` is in arcsec."""

    def number(name: str) -> NDArray[np.float64]:
        return columns.floats(name, above=_SENTINEL)

    njy_per_count = np.exp((AB_ZERO_POINT - number("magzpsci")) * (np.log(10.0) / 2.5))
    # A faint source may have large negative counts; only the sentinel -99999 is no flux.
    diff = columns.floats("forcediffimflux", above=-99_998.0) * njy_per_count
    diff_err = number("forcediffimfluxunc") * njy_per_count
    ref, ref_err = mag_to_flux(number("magnr"), number("sigmagnr"))
    sep = number("distnr")
    total, total_err = total_flux(diff, diff_err, ref, ref_err, sep)
    jd = columns.floats("jd")
    points: dict[str, NDArray[Any]] = {
        "mjd_utc": jd_start_to_mjd_mid(jd, number("exptime")),
        "band": _band(columns, ""),
        "kind": np.full(columns.n, _FORCED),
        "diff_flux_njy": diff,
        "diff_flux_err_njy": diff_err,
        "total_flux_njy": total,
        "total_flux_err_njy": total_err,
        "ref_flux_njy": ref,
        "ref_flux_err_njy": ref_err,
        "ref_sep_arcsec": sep,
        "limit_flux_njy": mag_to_flux(number("diffmaglim"))[0],
        "flags": _time_flag(columns, "", jd),
    }
    return PointBlock(columns.parent, points)


def _band(columns: Columns, at: str) -> NDArray[np.int8]:
    fid, given = columns.ids(at + "fid")
    known = given & (fid >= 1) & (fid <= 3)
    return _BAND_OF_FID[np.where(known, fid, 0)]


def _time_flag(columns: Columns, at: str, jd: NDArray[np.float64]) -> NDArray[np.int64]:
    """Flag where ``jd`` is not the time in ``pid``: days since 2017 and a fraction, then places."""
    pid, given = columns.ids(at + "pid")
    truth = _PID_EPOCH_JD + pid // 1_000_000_000 + (pid // 1_000 % 1_000_000) * 1e-6
    with np.errstate(invalid="ignore"):
        off = given & (np.abs(jd - truth) * 86_400.0 > _PID_TOLERANCE_S)
    return np.where(off, PointFlag.TIME_DISAGREES, 0).astype(np.int64)


def _checks(
    top: Columns, own: Mapping[str, NDArray[Any]], id_given: NDArray[np.bool_]
) -> tuple[Check, ...]:
    jd, ra, dec = (top.floats(f"candidate.{name}") for name in ("jd", "ra", "dec"))
    fid, _ = top.ids("candidate.fid")
    name = top.text("objectId")
    return (
        Check("candid", id_given, lambda row: None),
        Check("objectId", name.is_valid().to_numpy(zero_copy_only=False), lambda row: None),
        Check("candidate.jd", has_night(own["mjd_utc"]), lambda row: jd[row]),
        Check("candidate.fid", own["band"] >= 0, lambda row: fid[row]),
        Check("candidate.ra", (ra >= 0) & (ra <= 360), lambda row: ra[row]),
        Check("candidate.dec", np.abs(dec) <= 90, lambda row: dec[row]),
    )
