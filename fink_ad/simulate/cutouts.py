"""Gives alerts their stamps: none, shared ones, or one set each."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from fink_ad.errors import ConfigError
from fink_ad.simulate.keyed import Draws, mix
from fink_ad.simulate.population import Population
from fink_ad.simulate.rows import Rows
from fink_ad.simulate.sources import mag_to_njy
from fink_ad.simulate.stamps import Scene, render, to_fits, to_fits_gz
from fink_ad.simulate.survey import SURVEYS, Survey, SurveyName

__all__ = ["StampMode", "Stamps", "chosen_alerts", "stamps_of"]

StampMode = Literal["none", "pool", "individual"]
Stamps = tuple[bytes, bytes, bytes]
"""Science, template and difference image, as the survey packs them."""

_SETS_PER_LOOK = 8
_ARTEFACTS = (b"", b"cosmic_ray", b"ghost", b"edge", b"dipole", b"saturated")
_ZTF_ZERO_POINT = 26.3


def stamps_of(
    survey: Survey, population: Population, rows: Rows, mode: StampMode, chosen: NDArray[np.int64]
) -> dict[int, Stamps]:
    """Return the stamps of some alerts, by their place among the alerts.

    In mode ``pool`` alerts that look alike (kind of reference source, sign, artefact) share
    up to eight sets of stamps, drawn once.

    Raises
    ------
    ConfigError
        If the mode is unknown.
    """
    if mode not in get_args(StampMode):
        raise ConfigError(f"stamps={mode!r} is unknown; use {', '.join(get_args(StampMode))}")
    if mode == "none":
        return {}
    row = rows.alert[chosen]
    obj, visit = rows.obj[row], rows.visit[row]
    reference = np.isfinite(population.ref_mag[obj, 2]) * (1 + (population.star_galaxy[obj] > 0.5))
    flux = population.flux_njy[obj, visit]
    if mode == "pool":
        artefact = [_ARTEFACTS.index(name) for name in population.artefact[obj].tolist()]
        turns = rows.draws.integers("stamps", 0, _SETS_PER_LOOK)[row].tolist()
        looks = zip(reference.tolist(), (flux < 0).tolist(), artefact, turns, strict=True)
        return {
            alert: _pooled(survey.name, *look)
            for alert, look in zip(chosen.tolist(), looks, strict=True)
        }
    band = population.visits.band[obj, visit]
    reference_njy = mag_to_njy(population.ref_mag[obj, band])
    limit_njy = mag_to_njy(population.visits.limit_mag[obj, visit])
    seeing_px = population.visits.seeing_arcsec[obj, visit] / survey.pixel_arcsec
    angle = Draws(population.keys[obj]).uniform("angle", 0, 2 * np.pi)
    unit = _unit_njy(survey)
    return {
        alert: _pack(
            survey,
            int(rows.draws.keys[row[i]]),
            Scene(
                diff_flux=float(flux[i] / unit),
                limit_flux=float(limit_njy[i] / unit),
                ref_flux=float(reference_njy[i] / unit),
                ref_sep_px=float(population.ref_sep_arcsec[obj[i]] / survey.pixel_arcsec),
                ref_angle=float(angle[i]),
                is_galaxy=bool(population.star_galaxy[obj[i]] < 0.5),
                artefact=bytes(population.artefact[obj[i]]),
                fwhm_px=float(seeing_px[i]),
            ),
        )
        for i, alert in enumerate(chosen.tolist())
    }


def chosen_alerts(n_alerts: int, n_stamped: int | None) -> NDArray[np.int64]:
    """Spread the alerts that get stamps evenly over all; None for all of them."""
    if n_stamped is None or n_stamped >= n_alerts:
        return np.arange(n_alerts)
    return np.linspace(0, n_alerts - 1, n_stamped).round().astype(np.int64)


@lru_cache(maxsize=2 * 3 * 2 * len(_ARTEFACTS) * _SETS_PER_LOOK)
def _pooled(name: SurveyName, reference: int, negative: bool, artefact: int, turn: int) -> Stamps:
    """Draw one of the shared sets; which one it is settles what it shows."""
    survey = SURVEYS[name]
    draws = Draws(
        mix(np.array([turn], np.uint64), (reference * 2 + negative) * len(_ARTEFACTS) + artefact)
    )
    snr = float(draws.uniform("snr", 6, 30)[0])
    scene = Scene(
        diff_flux=(-snr if negative else snr) * 20.0,
        limit_flux=100.0,
        ref_flux=float(draws.uniform("reference", 500, 20_000)[0]) if reference else 0.0,
        ref_sep_px=float(draws.exponential("separation", 3.0)[0]) if reference == 1 else 0.2,
        ref_angle=float(draws.uniform("angle", 0, 2 * np.pi)[0]),
        is_galaxy=reference == 1,
        artefact=_ARTEFACTS[artefact],
        fwhm_px=survey.seeing_arcsec / survey.pixel_arcsec,
    )
    return _pack(survey, int(draws.keys[0]), scene)


def _pack(survey: Survey, key: int, scene: Scene) -> Stamps:
    """Render a scene and pack it: gzipped for ZTF, bare for Rubin."""
    write = to_fits_gz if survey.name == "ztf" else to_fits
    science, template, difference = render(np.random.default_rng(key), scene)
    return write(science), write(template), write(difference)


def _unit_njy(survey: Survey) -> float:
    """Flux of one unit of an image: a count of ZTF; Rubin's images are in nanojansky."""
    return 10 ** (0.4 * (31.4 - _ZTF_ZERO_POINT)) if survey.name == "ztf" else 1.0
