"""The columns of simulated ZTF packets: one row per visit of an object, detected or not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.photometry import COINCIDENCE_ARCSEC, ZTF_PIXEL_ARCSEC
from fink_ad.alerts.times import MJD_0_JD, SECONDS_PER_DAY
from fink_ad.simulate.bands import N_BANDS
from fink_ad.simulate.detections import Counts, Detections, object_draws, offset
from fink_ad.simulate.ids import ztf_detection_codes
from fink_ad.simulate.population import Population
from fink_ad.simulate.rows import Rows
from fink_ad.simulate.schema import PRV_CANDIDATE_FIELDS
from fink_ad.simulate.sources import njy_to_mag
from fink_ad.simulate.survey import ZTF

__all__ = ["candidate_columns", "visit_columns"]

Columns = dict[str, NDArray[Any]]

_FIRST_NIGHT_JD = 2457754.5  # nid counts from here
_DETECTOR_PX = (3072.0, 3080.0)
_SENTINEL = -999.0
_DEEPEST_REFERENCE_MAG = 23.5
_WRONG_NEIGHBOUR = 0.02
_GAIA_SPACING_ARCSEC = 22.0
# The forest's score hesitates, the network's piles up at both ends (Duev et al. 2019, MNRAS 489,
# 3582); the slopes give the quartiles of public alerts.
_RB, _DRB = (0.3, 0.45), 2.3
_ALWAYS = {"jd", "fid", "pid", "diffmaglim", "programpi", "programid", "nid", "rcid", "field"}
_ALWAYS |= {"magzpsci", "rbversion"}


def visit_columns(population: Population, rows: Rows) -> Columns:
    """Return what ``candidate`` and ``prv_candidates`` share, one element per row of `rows`.

    Fields of a detection are masked where there is only an upper limit.
    """
    obj, visit, draws = rows.obj, rows.visit, rows.draws
    visits, n_rows = population.visits, len(rows.obj)
    jd = visits.mjd[obj, visit] + MJD_0_JD - ZTF.exposure_s / 2 / SECONDS_PER_DAY
    fid = visits.band[obj, visit]  # the code of a band is ZTF's number of the filter
    flux = population.flux_njy[obj, visit]
    detected = population.detected[obj, visit]
    artefact = population.artefact[obj]
    bogus = artefact != b""
    limit = visits.limit_mag[obj, visit]
    seeing = visits.seeing_arcsec[obj, visit] / ZTF_PIXEL_ARCSEC
    seen = Detections.of(ZTF, population, rows)
    mag = njy_to_mag(np.maximum(np.abs(flux), 1e-3))
    aperture_mag = mag + draws.normal("aperture", 0, 0.8 / seen.snr)
    fwhm = seen.fwhm_arcsec / ZTF_PIXEL_ARCSEC
    minor = fwhm * draws.clipped("minor axis", 0.33, 0.05, 0.1)

    of_object = object_draws(population)
    neighbour = _neighbours(population, rows, fid, seen)
    inset = np.where(population.artefact == b"edge", 4.0, 12.0)
    x, y = (
        of_object.uniform(name, inset, np.where(inset < 12, 11.0, side - inset))
        for name, side in zip("xy", _DETECTOR_PX, strict=True)
    )
    xpos = np.clip(x[obj] + draws.normal("x", 0, 3), 2, _DETECTOR_PX[0] - 2)
    ypos = np.clip(y[obj] + draws.normal("y", 0, 3), 2, _DETECTOR_PX[1] - 2)
    edge = np.minimum.reduce([xpos, _DETECTOR_PX[0] - xpos, ypos, _DETECTOR_PX[1] - ypos])

    is_body = population.designation[obj] != b""
    rcid = of_object.integers("quadrant", 0, 64)[obj]
    since = jd - _FIRST_NIGHT_JD
    nid = np.floor(since).astype(np.int64)
    code = ztf_detection_codes(population.serial)[obj]
    image = nid * 10**9 + ((since - nid) * 1e5).astype(np.int64) * 10**4 + rcid * 100
    pid = image + code // 10**6
    columns: Columns = {
        "jd": jd,
        "fid": fid,
        "pid": pid,
        "diffmaglim": limit,
        "programpi": np.full(n_rows, b"Kulkarni"),
        "programid": np.ones(n_rows, np.int64),
        "nid": nid,
        "rcid": rcid,
        "field": 200 + population.field[obj],
        "candid": pid * 10**6 + code % 10**6,
        "isdiffpos": np.where(flux > 0, b"t", b"f"),
        "ra": seen.ra_deg,
        "dec": seen.dec_deg,
        "magpsf": mag,
        "sigmapsf": 2.5 / np.log(10) / seen.snr,
        "ranr": neighbour["ra"],
        "decnr": neighbour["dec"],
        "tblid": code % 997 + 1,
        "xpos": xpos,
        "ypos": ypos,
        "chipsf": draws.lognormal("chi", np.exp(np.where(bogus, 1.6, 0.3)), 0.5),
        "magap": aperture_mag,
        "sigmagap": np.maximum(1.1 / seen.snr, 0.005),
        "distnr": neighbour["sep_px"],
        "magnr": neighbour["mag"],
        "sigmagnr": neighbour["mag_err"],
        "chinr": of_object.lognormal("chi", 0.67, 0.3)[obj],
        "sharpnr": of_object.normal("sharpness", 0, 0.15)[obj],
        "sky": draws.normal("sky"),
        "fwhm": np.maximum(fwhm, 0.8),
        "classtar": draws.uniform("classtar") ** np.where(bogus, 0.5, 0.07),
        "mindtoedge": edge,
        "magfromlim": limit - aperture_mag,
        "seeratio": np.clip(seeing / 2.0, 0.4, 2.0),
        "aimage": minor * seen.elongation,
        "bimage": minor,
        "elong": seen.elongation,
        "nneg": np.minimum(draws.exponential("negative", np.where(bogus, 7.0, 2.5)), 25).astype(
            int
        ),
        "nbad": (draws.uniform("bad") < _bad_pixels(artefact)).astype(np.int64),
        "rb": 1 / (1 + np.exp(_RB[0] - _RB[1] * seen.score)),
        "ssdistnr": np.where(is_body, draws.rayleigh("orbit", 0.4), _SENTINEL),
        "ssmagnr": np.where(is_body, population.predicted_mag[obj], _SENTINEL),
        "ssnamenr": np.where(is_body, population.designation[obj], b"null"),
        "scorr": seen.snr * draws.clipped("scorr", 1.05, 0.05, 0.8),
        "magzpsci": 26.3 + visits.zero_point_mag[obj, visit] * 5,
        "rbversion": np.full(n_rows, b"t17_f5_c3"),
        "drb": 1 / (1 + np.exp(-_DRB * seen.score)),
    }
    names = {name for name, _, _ in PRV_CANDIDATE_FIELDS} - _ALWAYS
    return {
        name: np.ma.array(values, mask=~detected) if name in names else values
        for name, values in columns.items()
    }


def _bad_pixels(artefact: NDArray[np.bytes_]) -> NDArray[np.float64]:
    """Chance that there are bad pixels under a detection."""
    return np.where(artefact == b"saturated", 0.8, np.where(artefact != b"", 0.25, 0.01))


def candidate_columns(population: Population, rows: Rows, shared: Columns) -> Columns:
    """Return all columns of ``candidate``, one element per alert."""
    own = {name: values[rows.alert] for name, values in shared.items()}
    obj = rows.obj[rows.alert]
    n_alerts = len(obj)
    of_object = object_draws(population)
    counts = Counts.of(ZTF, population, rows)
    r_mag = population.ref_mag[:, 2]
    has_reference = np.isfinite(r_mag)
    errors = np.stack([of_object.normal(f"catalogue {b}", 0, 0.05) for b in range(N_BANDS)], 1)
    unrelated = (20.0 + 2.5 * of_object.uniform("unrelated"))[:, None] + [
        1.2,
        0.7,
        0,
        -0.2,
        -0.3,
        -0.4,
    ]
    mags = np.where(has_reference[:, None], population.ref_mag, unrelated) + errors
    catalogue_sep = np.where(
        has_reference, population.ref_sep_arcsec, of_object.uniform("catalogue sep", 3, 22)
    )
    is_star = population.star_galaxy > 0.5
    in_gaia = has_reference & is_star & (mags[:, 2] < 20.7)
    # The nearest of scattered points lies at distances of a Rayleigh distribution.
    gaia_sep = np.where(
        in_gaia, population.ref_sep_arcsec, of_object.rayleigh("gaia sep", _GAIA_SPACING_ARCSEC)
    )
    gaia_mag = np.where(in_gaia, mags[:, 2] + 0.1, of_object.uniform("gaia mag", 17, 20.7))
    reference_mjd = of_object.uniform("reference", 58160, 58350)
    own.update(
        sgmag1=mags[obj, 1],
        srmag1=mags[obj, 2],
        simag1=mags[obj, 3],
        szmag1=mags[obj, 4],
        sgscore1=population.star_galaxy[obj],
        distpsnr1=_from_detection(population, rows, own, catalogue_sep),
        objectidps1=of_object.integers("catalogue id", 7 * 10**16, 2 * 10**17)[obj],
        nmtchps=(1 + of_object.exponential("matches", 7.0)).astype(np.int64)[obj],
        ndethist=counts.n_detections,
        ncovhist=counts.n_visits,
        jdstarthist=counts.first_mjd + MJD_0_JD - ZTF.exposure_s / 2 / SECONDS_PER_DAY,
        jdendhist=own["jd"],
        tooflag=np.zeros(n_alerts, np.int64),
        rfid=own["field"] * 10**6 + 120_000 + own["fid"] * 100 + own["rcid"],
        jdstartref=np.round(reference_mjd + MJD_0_JD, 6)[obj],
        jdendref=np.round(reference_mjd + MJD_0_JD + 60, 6)[obj],
        nframesref=of_object.integers("frames", 15, 41)[obj],
        neargaia=_from_detection(population, rows, own, gaia_sep),
        neargaiabright=np.full(n_alerts, _SENTINEL),
        maggaia=gaia_mag[obj],
        maggaiabright=np.full(n_alerts, _SENTINEL),
        exptime=np.full(n_alerts, ZTF.exposure_s),
        drbversion=np.full(n_alerts, b"d6_m7"),
    )
    return own


def _from_detection(
    population: Population, rows: Rows, own: Columns, sep_arcsec: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distances from where alerts were measured to what lies near their objects [arcsec]."""
    obj = rows.obj[rows.alert]
    angle = object_draws(population).uniform("angle", 0, 2 * np.pi)[obj]
    sep = sep_arcsec[obj]
    there = offset(
        population.ra_deg[obj], population.dec_deg[obj], sep * np.sin(angle), sep * np.cos(angle)
    )
    return _apart_arcsec(own["ra"], own["dec"], *there)


def _apart_arcsec(
    ra: NDArray[np.float64],
    dec: NDArray[np.float64],
    other_ra: NDArray[np.float64],
    other_dec: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Small distances between positions [deg], also across RA 0."""
    east = ((other_ra - ra + 180) % 360 - 180) * np.cos(np.radians(dec))
    apart: NDArray[np.float64] = 3600 * np.hypot(east, other_dec - dec)
    return apart


def _neighbours(
    population: Population, rows: Rows, fid: NDArray[np.int64], seen: Detections
) -> Columns:
    """Nearest source of the reference image, per row: that of the object's band.

    An unrelated one if the object has none; and, for one object and band in fifty, a wrong one
    that happens to be nearer. Distances are from the measured position, errors included.
    """
    of_object, obj = object_draws(population), rows.obj
    has_reference = np.isfinite(population.ref_mag[:, 2])
    unrelated_mag = of_object.uniform("neighbour", 20.5, 22.8)[:, None]
    mag = np.where(has_reference[:, None], population.ref_mag, unrelated_mag)
    far = of_object.uniform("neighbour sep", 2 * COINCIDENCE_ARCSEC, 20)
    sep = np.where(has_reference, population.ref_sep_arcsec, far)
    in_band = of_object.at(np.arange(N_BANDS)[None, :])
    wrong = in_band.chance("wrong", _WRONG_NEIGHBOUR)
    mag = np.where(wrong, in_band.uniform("wrong mag", 19.0, 22.5), mag)
    mag = np.minimum(mag, _DEEPEST_REFERENCE_MAG)
    seps = np.where(wrong, in_band.uniform("wrong sep", 0.2, 1.4), sep[:, None])
    angle = np.where(wrong, 1.0, 0.0) + of_object.uniform("angle", 0, 2 * np.pi)[:, None]
    row_sep, row_angle, row_mag = seps[obj, fid], angle[obj, fid], mag[obj, fid]
    ra, dec = offset(
        population.ra_deg[obj],
        population.dec_deg[obj],
        row_sep * np.sin(row_angle),
        row_sep * np.cos(row_angle),
    )
    return {
        "mag": row_mag,
        "mag_err": np.clip(0.01 * 10 ** (0.3 * (row_mag - 18)), 0.01, 0.35),
        "sep_px": _apart_arcsec(seen.ra_deg, seen.dec_deg, ra, dec) / ZTF_PIXEL_ARCSEC,
        "ra": ra,
        "dec": dec,
    }
