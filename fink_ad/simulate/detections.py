"""What both surveys tell of a detection: shapes, positions, scores, counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.population import Population
from fink_ad.simulate.rows import Rows
from fink_ad.simulate.survey import Survey

__all__ = ["Counts", "Detections", "object_draws", "offset"]

Floats = NDArray[np.float64]

_SHARPNESS = {b"": 1.0, b"cosmic_ray": 0.45, b"ghost": 2.2, b"edge": 0.9, b"dipole": 0.9}
_ASTROMETRY_ARCSEC = {"ztf": 0.085, "lsst": 0.02}  # ZTF: Masci et al. 2019, PASP 131, 018003
_CENTROID = 0.6  # FWHM over S/N, before a bright sky (King 1983, PASP 95, 163)
# Median and scatter of measured widths in units of the seeing. ZTF's are moments of few bright
# pixels; the numbers make the spread that its public alerts have.
_WIDTH = {"ztf": (1.1, 0.25), "lsst": (1.0, 0.1)}
_REAL_SCORE, _BOGUS_SCORE = 4.2, -1.8
_OBJECT_SCATTER, _DETECTION_SCATTER = 1.3, 1.4


@dataclass(frozen=True, eq=False)
class Detections:
    """Measurements of one detection per row, (n_rows,); of no use where there is none.

    Attributes
    ----------
    snr : float64
        Absolute difference flux over its error.
    ra_deg, dec_deg, position_err_arcsec : float64
        Position with the error that seeing and noise give it.
    fwhm_arcsec, elongation : float64
        Shape; artefacts are too sharp, too wide or drawn out. An ellipticity has two
        components, so that nothing is exactly round.
    score : float64
        Logit of a real-bogus score: two normal distributions that overlap, nearer to each
        other for faint detections. Most of the scatter stays with the object.
    """

    snr: Floats
    ra_deg: Floats
    dec_deg: Floats
    position_err_arcsec: Floats
    fwhm_arcsec: Floats
    elongation: Floats
    score: Floats

    @classmethod
    def of(cls, survey: Survey, population: Population, rows: Rows) -> Detections:
        """Draw the measurements of all rows."""
        obj, visit, draws = rows.obj, rows.visit, rows.draws
        flux, error = population.flux_njy[obj, visit], population.flux_err_njy[obj, visit]
        snr = np.maximum(np.abs(flux) / error, 1e-3)
        seeing = population.visits.seeing_arcsec[obj, visit]
        scatter = np.hypot(_ASTROMETRY_ARCSEC[survey.name], _CENTROID * seeing / snr)
        east, north = draws.normal("east", 0, scatter), draws.normal("north", 0, scatter)
        ra, dec = offset(population.ra_deg[obj], population.dec_deg[obj], east, north)
        artefact = population.artefact[obj]
        bogus = artefact != b""
        sharpness = np.ones(len(obj))
        for name, factor in _SHARPNESS.items():
            sharpness[artefact == name] = factor
        median, width_scatter = _WIDTH[survey.name]
        width = draws.lognormal("width", median, np.where(bogus, 0.25, width_scatter))
        drawn_out = np.where(artefact == b"dipole", 0.5, np.where(bogus, 0.3, 0.085))
        faintness = np.clip(5.0 / np.maximum(snr, 5.0), 0, 1)
        middle = np.where(bogus, _BOGUS_SCORE, _REAL_SCORE - 1.2 * faintness)
        return cls(
            snr=snr,
            ra_deg=ra,
            dec_deg=dec,
            position_err_arcsec=scatter,
            fwhm_arcsec=seeing * sharpness * width,
            elongation=1 + draws.rayleigh("elongation", drawn_out),
            score=draws.normal("score", middle, _DETECTION_SCATTER)
            + object_draws(population).normal("score", 0, _OBJECT_SCATTER)[obj],
        )


@dataclass(frozen=True, eq=False)
class Counts:
    """What the survey knew of each alert's object by then, (n_alerts,).

    Attributes
    ----------
    n_detections, n_visits : int64
        Since the survey began, this alert included.
    first_mjd : float64
        First detection.
    """

    n_detections: NDArray[np.int64]
    n_visits: NDArray[np.int64]
    first_mjd: Floats

    @classmethod
    def of(cls, survey: Survey, population: Population, rows: Rows) -> Counts:
        """Count up to each alert.

        What happened before the simulated history is filled in at the rate seen in it.
        """
        mjd = population.visits.mjd[rows.obj, rows.visit]
        detected = population.detected[rows.obj, rows.visit]
        begin = np.searchsorted(rows.obj, np.arange(len(population)))
        before = np.concatenate([[0], np.cumsum(detected)])
        obj, alert = rows.obj[rows.alert], rows.alert
        n_det = before[alert + 1] - before[begin[obj]]
        n_cov = alert + 1 - begin[obj]
        first_detection = np.flatnonzero(detected)[before[begin]]
        start = mjd.min()
        earlier = np.nan_to_num(np.maximum(start - population.since_mjd, 0.0))
        span = np.maximum(mjd[alert] - start, 1.0)
        # Fields were covered since the survey began, whether the object was there or not.
        extra_det = np.rint(n_det / span * earlier[obj]).astype(np.int64)
        extra_cov = np.rint(n_cov / span * max(start - survey.start_mjd, 0.0)).astype(np.int64)
        first = np.where(earlier > 0, population.since_mjd, mjd[first_detection])[obj]
        return cls(n_det + extra_det, n_cov + np.maximum(extra_cov, extra_det), first)


def offset(
    ra_deg: Floats, dec_deg: Floats, east_arcsec: Floats, north_arcsec: Floats
) -> tuple[Floats, Floats]:
    """Move positions by small angles on the sky."""
    ra = (ra_deg + east_arcsec / 3600 / np.maximum(np.cos(np.radians(dec_deg)), 1e-3)) % 360
    return ra, np.clip(dec_deg + north_arcsec / 3600, -90, 90)


def object_draws(population: Population) -> Draws:
    """One key per object, for what the survey's catalogues say of it."""
    return Draws(population.keys).named("catalogues")
