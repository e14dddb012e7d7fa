"""The columns of simulated packets: one row per visit of an object, detected or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.photometry import COINCIDENCE_ARCSEC, ZTF_PIXEL_ARCSEC
from fink_ad.alerts.times import ZTF_EXPOSURE_S
from fink_ad.simulate.cadence import HISTORY_DAYS, MJD_TO_JD, Schedule
from fink_ad.simulate.population import Population
from fink_ad.simulate.schema import PRV_CANDIDATE_FIELDS
from fink_ad.simulate.sources import njy_to_mag

__all__ = ["Rows", "candidate_columns", "flatten", "visit_columns"]

_FIRST_NIGHT_JD = 2457754.5  # nid counts from here
_DETECTOR_PX = (3072.0, 3080.0)
_SENTINEL = -999.0
_ALWAYS = {"jd", "fid", "pid", "diffmaglim", "programpi", "programid", "nid", "rcid", "field"}
_ALWAYS |= {"magzpsci", "rbversion"}


@dataclass(frozen=True, eq=False)
class Rows:
    """Visits of all objects, object after object and each in order of time.

    Attributes
    ----------
    obj, visit : (n_rows,) int64
        Row of the population, and column of its visits.
    alert : (n_alerts,) int64
        Rows that give alerts, in order of time.
    first : (n_alerts,) int64
        First row of each alert's history, which ends before the alert's own row.
    """

    obj: NDArray[np.int64]
    visit: NDArray[np.int64]
    alert: NDArray[np.int64]
    first: NDArray[np.int64]


def flatten(population: Population, schedule: Schedule) -> Rows:
    """List the visits of all objects and find the alerts among them."""
    visits = schedule.at(population.field)
    obj, visit = np.nonzero(visits.observed)
    jd = visits.jd[obj, visit]
    alert = np.flatnonzero((population.detected & visits.alerting)[obj, visit])
    alert = alert[np.lexsort((obj[alert], jd[alert]))]
    # One ascending key over all objects: each has far more room than a history is long.
    key = obj * 1e5 + (jd - jd.min())
    first = np.searchsorted(key, key[alert] - HISTORY_DAYS)
    first = np.maximum(first, np.searchsorted(obj, obj[alert]))
    return Rows(obj, visit, alert, first)


def visit_columns(
    rng: np.random.Generator, population: Population, schedule: Schedule, rows: Rows
) -> dict[str, NDArray[Any]]:
    """Return what ``candidate`` and ``prv_candidates`` share, one element per row of `rows`.

    Fields of a detection are masked where there is only an upper limit.
    """
    obj, visit = rows.obj, rows.visit
    field = population.field[obj]
    visits = schedule.visits
    jd, fid = visits.jd[field, visit], visits.fid[visit]
    flux, error = population.flux_njy[obj, visit], population.flux_err_njy[obj, visit]
    detected = population.detected[obj, visit]
    bogus = population.bogus[obj]
    limit = visits.limit_mag[field, visit]
    n_rows, n_objects = len(obj), len(population)

    snr = np.maximum(np.abs(flux) / error, 1e-3)
    mag = njy_to_mag(np.maximum(np.abs(flux), 1e-3))
    aperture_mag = mag + rng.normal(0, 0.8, n_rows) / snr
    seeing = rng.lognormal(np.log(2.1), 0.18, visits.jd.shape)[field, visit]
    fwhm = seeing * np.where(bogus, rng.uniform(0.4, 1.3, n_rows), rng.normal(1, 0.12, n_rows))
    elong = 1 + np.abs(rng.normal(0, np.where(bogus, 0.45, 0.11)))
    minor = fwhm * rng.normal(0.33, 0.05, n_rows).clip(0.1)

    # Positions scatter with the seeing over the signal to noise.
    scatter = np.hypot(0.06, 0.5 * seeing / snr)
    east, north = rng.normal(0, scatter), rng.normal(0, scatter)
    ra, dec = _offset(population.ra_deg[obj], population.dec_deg[obj], east, north)
    neighbour = _neighbours(rng, population)
    x, y = (rng.uniform(12, side - 12, n_objects) for side in _DETECTOR_PX)
    xpos = (x[obj] + rng.normal(0, 3, n_rows)).clip(5, _DETECTOR_PX[0] - 5)
    ypos = (y[obj] + rng.normal(0, 3, n_rows)).clip(5, _DETECTOR_PX[1] - 5)
    edge = np.minimum.reduce([xpos, _DETECTOR_PX[0] - xpos, ypos, _DETECTOR_PX[1] - ypos])

    body = population.designation[obj]
    is_body = body != b""
    rcid = rng.integers(0, 64, n_objects)[obj]
    since = jd - _FIRST_NIGHT_JD
    nid = np.floor(since).astype(np.int64)
    pid = nid * 10**9 + ((since - nid) * 1e5).astype(np.int64) * 10**4 + rcid * 100 + 15
    tblid = _rank_within(pid, detected)
    columns: dict[str, NDArray[Any]] = {
        "jd": jd,
        "fid": fid,
        "pid": pid,
        "diffmaglim": limit,
        "programpi": np.full(n_rows, b"Kulkarni"),
        "programid": np.ones(n_rows, np.int64),
        "nid": nid,
        "rcid": rcid,
        "field": 300 + 7 * field,
        "candid": pid * 10**6 + 10_000 + tblid,
        "isdiffpos": np.where(flux > 0, b"t", b"f"),
        "ra": ra,
        "dec": dec,
        "magpsf": mag,
        "sigmapsf": 2.5 / np.log(10) / snr,
        "ranr": neighbour["ra"][obj],
        "decnr": neighbour["dec"][obj],
        "tblid": tblid,
        "xpos": xpos,
        "ypos": ypos,
        "chipsf": rng.lognormal(np.where(bogus, 1.6, 0.3), 0.5),
        "magap": aperture_mag,
        "sigmagap": np.maximum(1.1 / snr, 0.005),
        "distnr": np.abs(neighbour["sep_px"][obj] + rng.normal(0, 0.3, n_rows) * scatter),
        "magnr": neighbour["mag"][obj, fid - 1],
        "sigmagnr": neighbour["mag_err"][obj, fid - 1],
        "chinr": rng.lognormal(-0.4, 0.3, n_objects)[obj],
        "sharpnr": rng.normal(0, 0.15, n_objects)[obj],
        "sky": rng.normal(0, 1, n_rows),
        "fwhm": np.maximum(fwhm, 0.8),
        "classtar": rng.beta(np.where(bogus, 2.0, 15.0), 1.0),
        "mindtoedge": edge,
        "magfromlim": limit - aperture_mag,
        "seeratio": (seeing / 2.0).clip(0.4, 2.0),
        "aimage": minor * elong,
        "bimage": minor,
        "elong": elong,
        "nneg": np.minimum(rng.poisson(np.where(bogus, 7.0, 2.5)), 25),
        "nbad": rng.binomial(4, np.where(bogus, 0.06, 0.002)),
        "rb": rng.beta(np.where(bogus, 2.0, 6.0), np.where(bogus, 3.5, 1.6)),
        "ssdistnr": np.where(is_body, rng.rayleigh(0.4, n_rows), _SENTINEL),
        "ssmagnr": np.where(is_body, mag + rng.normal(0, 0.3, n_rows), _SENTINEL),
        "ssnamenr": np.where(is_body, body, b"null"),
        "scorr": snr * rng.normal(1.05, 0.05, n_rows).clip(0.8),
        "magzpsci": rng.normal(26.3, 0.08, visits.jd.shape)[field, visit],
        "rbversion": np.full(n_rows, b"t17_f5_c3"),
    }
    names = {name for name, _, _ in PRV_CANDIDATE_FIELDS} - _ALWAYS
    return {
        name: np.ma.array(values, mask=~detected) if name in names else values
        for name, values in columns.items()
    }


def candidate_columns(
    rng: np.random.Generator,
    population: Population,
    schedule: Schedule,
    rows: Rows,
    shared: dict[str, NDArray[Any]],
) -> dict[str, NDArray[Any]]:
    """Return all columns of ``candidate``, one element per alert."""
    own = {name: values[rows.alert] for name, values in shared.items()}
    obj = rows.obj[rows.alert]
    bogus = population.bogus[obj]
    n_objects, n_alerts = len(population), len(obj)
    n_det, n_cov, first_jd = _summary(population, schedule, rows, shared["jd"])
    mags = np.where(np.isfinite(population.ref_mag), population.ref_mag, 22.0)
    mags = mags + rng.normal(0, 0.05, mags.shape)
    sep = population.ref_sep_arcsec
    has_reference = np.isfinite(population.ref_mag[:, 0])
    catalogue_sep = np.where(has_reference, sep, rng.uniform(3, 22, n_objects))
    in_gaia = has_reference & (population.star_galaxy > 0.5) & (mags[:, 1] < 20.7)
    gaia_sep = np.where(in_gaia, sep, rng.uniform(6, 45, n_objects))
    gaia_mag = np.where(in_gaia, mags[:, 1] + 0.1, rng.uniform(17, 20.7, n_objects))
    reference_mjd = rng.uniform(58160, 58350, n_objects)
    drb = 1 / (1 + np.exp(-rng.normal(np.where(bogus, -2.5, 6.5), 2.8)))
    own.update(
        sgmag1=mags[obj, 0],
        srmag1=mags[obj, 1],
        simag1=mags[obj, 1] - 0.15,
        szmag1=mags[obj, 1] - 0.22,
        sgscore1=population.star_galaxy[obj],
        distpsnr1=catalogue_sep[obj],
        objectidps1=rng.integers(7 * 10**16, 2 * 10**17, n_objects)[obj],
        nmtchps=(1 + rng.poisson(7, n_objects))[obj],
        ndethist=n_det,
        ncovhist=n_cov,
        jdstarthist=first_jd,
        jdendhist=own["jd"],
        tooflag=np.zeros(n_alerts, np.int64),
        rfid=own["field"] * 10**6 + 120_000 + own["fid"] * 100 + own["rcid"],
        jdstartref=np.round(reference_mjd + MJD_TO_JD, 6)[obj],
        jdendref=np.round(reference_mjd + MJD_TO_JD + 60, 6)[obj],
        nframesref=rng.integers(15, 41, n_objects)[obj],
        neargaia=gaia_sep[obj],
        neargaiabright=np.full(n_alerts, _SENTINEL),
        maggaia=gaia_mag[obj],
        maggaiabright=np.full(n_alerts, _SENTINEL),
        exptime=np.full(n_alerts, ZTF_EXPOSURE_S),
        drb=drb,
        drbversion=np.full(n_alerts, b"d6_m7"),
    )
    return own


def _summary(
    population: Population, schedule: Schedule, rows: Rows, jd: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Count detections and visits up to each alert, and date the first detection, JD.

    What happened before the simulated history is filled in at the rate seen in it.
    """
    detected = population.detected[rows.obj, rows.visit]
    begin = np.searchsorted(rows.obj, np.arange(len(population)))
    before = np.concatenate([[0], np.cumsum(detected)])
    obj, alert = rows.obj[rows.alert], rows.alert
    n_det = before[alert + 1] - before[begin[obj]]
    n_cov = alert + 1 - begin[obj]
    first_detection = np.flatnonzero(detected)[before[begin]]
    start = schedule.visits.jd.min()
    since = population.since_mjd + MJD_TO_JD
    earlier_days = np.nan_to_num(np.maximum(start - since, 0.0))
    span = np.maximum(jd[alert] - start, 1.0)
    # Fields were covered since the survey began, whether the object was there or not.
    survey_days = start - (58200 + MJD_TO_JD)
    extra_det = np.rint(n_det / span * earlier_days[obj]).astype(np.int64)
    extra_cov = np.rint(n_cov / span * survey_days).astype(np.int64)
    first_jd = np.where(earlier_days > 0, since, jd[first_detection])[obj]
    return n_det + extra_det, n_cov + extra_cov, first_jd


def _neighbours(rng: np.random.Generator, population: Population) -> dict[str, NDArray[Any]]:
    """Nearest source of the reference image of each object; an unrelated one if it has none."""
    n_objects = len(population)
    has_reference = np.isfinite(population.ref_mag)
    unrelated = np.repeat(rng.uniform(20.5, 22.8, n_objects)[:, None], 2, axis=1)
    mag = np.where(has_reference, population.ref_mag, unrelated)
    mag = np.minimum(mag, 23.5)  # deeper sources are not in the reference catalogue
    sep = np.where(
        has_reference.all(axis=1),
        population.ref_sep_arcsec,
        rng.uniform(2 * COINCIDENCE_ARCSEC, 20, n_objects),
    )
    angle = rng.uniform(0, 2 * np.pi, n_objects)
    ra, dec = _offset(
        population.ra_deg, population.dec_deg, sep * np.sin(angle), sep * np.cos(angle)
    )
    mag_err = np.clip(0.01 * 10 ** (0.3 * (mag - 18)), 0.01, 0.35)
    return {"mag": mag, "mag_err": mag_err, "sep_px": sep / ZTF_PIXEL_ARCSEC, "ra": ra, "dec": dec}


def _offset(
    ra_deg: NDArray[np.float64],
    dec_deg: NDArray[np.float64],
    east_arcsec: NDArray[np.float64],
    north_arcsec: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Move positions by small angles on the sky."""
    ra = (ra_deg + east_arcsec / 3600 / np.cos(np.radians(dec_deg))) % 360
    return ra, dec_deg + north_arcsec / 3600


def _rank_within(group: NDArray[np.int64], counted: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Give the counted rows of each group ranks from 1 in order; 0 for the others."""
    rows = np.flatnonzero(counted)
    order = rows[np.argsort(group[rows], kind="stable")]
    ordered = group[order]
    starts = np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(order) else ordered > 0
    place = np.arange(len(order))
    rank = place - np.maximum.accumulate(np.where(starts, place, 0)) + 1
    ranks = np.zeros(len(group), np.int64)
    ranks[order] = rank
    return ranks
