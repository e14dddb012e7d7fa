"""The columns of simulated Rubin packets: sources, forced sources, objects and bodies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.photometry import COINCIDENCE_ARCSEC
from fink_ad.alerts.schema import BANDS
from fink_ad.alerts.times import SECONDS_PER_DAY, night_of
from fink_ad.simulate.detections import Counts, Detections, object_draws
from fink_ad.simulate.ids import lsst_source_ids
from fink_ad.simulate.keyed import Draws
from fink_ad.simulate.population import Population
from fink_ad.simulate.rows import Rows
from fink_ad.simulate.sources import mag_to_njy
from fink_ad.simulate.survey import LSST

__all__ = ["detected_rows", "forced_columns", "object_columns", "source_columns"]

Columns = dict[str, NDArray[Any]]

_TAI_MINUS_UTC_DAYS = 37.0 / SECONDS_PER_DAY  # since 2017
_PROCESSING_DAYS = 60.0 / SECONDS_PER_DAY
_SIGMA_OF_FWHM = 1 / 2.3548
_FORCED_OFFSET = 400_000_000_000_000_000  # tells forced ids from those of detections
_BAND_NAMES = np.array([band.encode() for band in BANDS])


def detected_rows(population: Population, rows: Rows) -> Rows:
    """Keep the rows with a detection; alerts and histories point into those."""
    kept = np.flatnonzero(population.detected[rows.obj, rows.visit])
    return replace(
        rows,
        obj=rows.obj[kept],
        visit=rows.visit[kept],
        alert=np.searchsorted(kept, rows.alert),
        first=np.searchsorted(kept, rows.first),
        draws=Draws(rows.draws.keys[kept]),
    )


def _exposure(population: Population, rows: Rows) -> Columns:
    """Return what all kinds of sources tell of their exposure and fluxes."""
    obj, visit, visits = rows.obj, rows.visit, population.visits
    mjd, band = visits.mjd[obj, visit], visits.band[obj, visit]
    flux, error = population.flux_njy[obj, visit], population.flux_err_njy[obj, visit]
    reference = mag_to_njy(population.ref_mag[obj, band])
    reference = reference * (population.ref_sep_arcsec[obj] < COINCIDENCE_ARCSEC)
    tai = mjd + _TAI_MINUS_UTC_DAYS
    detector = object_draws(population).integers("detector", 0, 189)[obj]
    return {
        "midpointMjdTai": tai,
        "timeProcessedMjdTai": tai + _PROCESSING_DAYS,
        "timeWithdrawnMjdTai": np.ma.array(tai, mask=True),
        "visit": night_of(mjd, "lsst") * np.int64(100_000) + visits.sequence[obj, visit],
        "detector": detector,
        "band": _BAND_NAMES[band],
        "psfFlux": flux,
        "psfFluxErr": error,
        "scienceFlux": flux + reference + rows.draws.normal("science", 0, 0.3) * error,
        "scienceFluxErr": error,
        "templateFlux": reference + rows.draws.normal("template", 0, 0.1) * error,
        "templateFluxErr": 0.1 * error,
    }


def source_columns(population: Population, rows: Rows, object_ids: NDArray[np.int64]) -> Columns:
    """Return the columns of ``diaSource`` for rows that are detections."""
    obj, visit, draws = rows.obj, rows.visit, rows.draws
    columns = _exposure(population, rows)
    seen = Detections.of(LSST, population, rows)
    artefact, is_body = population.artefact[obj], population.designation[obj] != b""
    bogus = artefact != b""
    of_object = object_draws(population)
    n_rows, no = len(obj), np.zeros(len(obj), bool)
    flux, error = columns["psfFlux"], columns["psfFluxErr"]
    psf = (population.visits.seeing_arcsec[obj, visit] * _SIGMA_OF_FWHM) ** 2
    size = (seen.fwhm_arcsec * _SIGMA_OF_FWHM) ** 2
    position_err = seen.position_err_arcsec / 3600
    return columns | {
        "diaSourceId": lsst_source_ids(object_ids, population.visits, obj, visit),
        "diaObjectId": np.ma.array(object_ids[obj], mask=is_body),
        "ssObjectId": np.ma.array(_body_numbers(population)[obj], mask=~is_body),
        "parentDiaSourceId": np.ma.array(np.zeros(n_rows, np.int64), mask=True),
        "ra": seen.ra_deg,
        "raErr": position_err,
        "dec": seen.dec_deg,
        "decErr": position_err,
        "x": np.clip(of_object.uniform("x", 20, 4050)[obj] + draws.normal("x", 0, 30), 1, 4070),
        "y": np.clip(of_object.uniform("y", 20, 3980)[obj] + draws.normal("y", 0, 30), 1, 3998),
        "centroid_flag": draws.chance("centroid", np.where(bogus, 0.05, 0.001)),
        "apFlux": flux + draws.normal("aperture", 0, 0.8) * error,
        "apFluxErr": 1.3 * error,
        "isNegative": flux < 0,
        "snr": seen.snr,
        "psfChi2": 1681 * draws.lognormal("chi", np.where(bogus, 2.5, 1.0), 0.1),
        "psfNdata": np.full(n_rows, 1681),
        "psfFlux_flag": no,
        "psfFlux_flag_edge": artefact == b"edge",
        "ixx": size * seen.elongation,
        "iyy": size / seen.elongation,
        "ixy": draws.normal("ixy", 0, 0.02) * size,
        "ixxPSF": psf,
        "iyyPSF": psf,
        "ixyPSF": np.zeros(n_rows),
        "extendedness": draws.towards("extendedness", 0, np.where(bogus, 2.0, 12.0)),
        "reliability": 1 / (1 + np.exp(-seen.score)),
        "isDipole": (artefact == b"dipole") & draws.chance("dipole", 0.7),
        "pixelFlags_bad": bogus & draws.chance("bad", 0.1),
        "pixelFlags_cr": (artefact == b"cosmic_ray") & draws.chance("cosmic ray", 0.5),
        "pixelFlags_edge": (artefact == b"edge") & draws.chance("edge", 0.8),
        "pixelFlags_interpolatedCenter": bogus & draws.chance("interpolated", 0.1),
        "pixelFlags_saturated": (artefact == b"saturated") & draws.chance("saturated", 0.8),
        "pixelFlags_streak": no,
        "glint_trail": no,
    }


def forced_columns(population: Population, rows: Rows, object_ids: NDArray[np.int64]) -> Columns:
    """Return the columns of ``diaForcedSource``: every visit, detected or not."""
    obj, visit = rows.obj, rows.visit
    columns = _exposure(population, rows)
    ids = lsst_source_ids(object_ids, population.visits, obj, visit)
    return columns | {
        "diaForcedSourceId": ids + _FORCED_OFFSET,
        "diaObjectId": object_ids[obj],
        "ra": population.ra_deg[obj],
        "dec": population.dec_deg[obj],
    }


def object_columns(
    population: Population, rows: Rows, object_ids: NDArray[np.int64]
) -> tuple[Columns, Columns]:
    """Return the columns of ``diaObject`` and of ``ssSource``, one element per alert."""
    row = rows.alert
    obj, visit = rows.obj[row], rows.visit[row]
    counts = Counts.of(LSST, population, rows)
    tai = population.visits.mjd[obj, visit] + _TAI_MINUS_UTC_DAYS
    dia_object = {
        "diaObjectId": object_ids[obj],
        "validityStartMjdTai": tai,
        "ra": population.ra_deg[obj],
        "dec": population.dec_deg[obj],
        "firstDiaSourceMjdTai": counts.first_mjd + _TAI_MINUS_UTC_DAYS,
        "lastDiaSourceMjdTai": tai,
        "nDiaSources": counts.n_detections,
    }
    body = {
        "diaSourceId": lsst_source_ids(object_ids, population.visits, obj, visit),
        "ssObjectId": _body_numbers(population)[obj],
        "designation": population.designation[obj],
        "phaseAngle": population.phase_deg[obj],
        "topoRange": population.topo_au[obj],
        "helioRange": population.helio_au[obj],
        "ephVmag": population.predicted_mag[obj],
        "ephOffset": Draws(rows.draws.keys[row]).rayleigh("orbit", 0.1),
    }
    return dia_object, body


def _body_numbers(population: Population) -> NDArray[np.int64]:
    """Return the number of each body; 0 for what is none."""
    named = population.designation != b""
    return np.where(named, population.designation, b"0").astype(np.int64)
