"""Gives alerts their stamps: none, shared ones, or one set each."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.photometry import ZTF_PIXEL_ARCSEC
from fink_ad.errors import ConfigError
from fink_ad.simulate.cadence import Schedule
from fink_ad.simulate.columns import Rows
from fink_ad.simulate.encode import encode_long
from fink_ad.simulate.population import Population
from fink_ad.simulate.stamps import Scene, render, to_fits_gz

__all__ = ["StampMode", "encode_cutouts"]

StampMode = Literal["none", "pool", "individual"]

_NULL = b"\x02\x02\x02"  # branch 1 of the three unions
_SETS_PER_LOOK = 8
_FILE_NAMES = (
    "candid{candid}_pid{pid}_targ_sci.fits.gz",
    "candid{candid}_ref.fits.gz",
    "candid{candid}_pid{pid}_targ_scimref.fits.gz",
)


def encode_cutouts(
    rng: np.random.Generator,
    population: Population,
    schedule: Schedule,
    rows: Rows,
    own: dict[str, NDArray[Any]],
    mode: StampMode,
    n_stamped: int | None,
) -> list[bytes]:
    """Return the three cutout fields of each alert as Avro.

    In mode ``pool`` alerts that look alike (kind of reference source, sign, artefact) share
    up to eight sets of stamps, which are those of real members of the group.

    Raises
    ------
    ConfigError
        If the mode is unknown or `n_stamped` negative.
    """
    if mode not in get_args(StampMode):
        raise ConfigError(f"stamps={mode!r} is unknown; use {', '.join(get_args(StampMode))}")
    n_alerts = len(rows.alert)
    if n_stamped is not None and n_stamped < 0:
        raise ConfigError(f"n_stamped={n_stamped} must not be negative")
    encoded = [_NULL] * n_alerts
    if mode == "none" or n_stamped == 0:
        return encoded
    n_chosen = n_alerts if n_stamped is None else min(n_stamped, n_alerts)
    chosen = np.linspace(0, n_alerts - 1, n_chosen).round().astype(int)
    models = chosen if mode == "individual" else _models(population, rows, chosen)
    sets = {
        model: _draw(rng, population, schedule, rows, own, model)
        for model in np.unique(models).tolist()
    }
    candid, pid = np.ma.getdata(own["candid"]), own["pid"]
    for alert, model in zip(chosen.tolist(), models.tolist(), strict=True):
        parts = []
        for template, stamp in zip(_FILE_NAMES, sets[model], strict=True):
            name = template.format(candid=candid[alert], pid=pid[alert]).encode()
            parts += [b"\x00", encode_long(len(name)), name, encode_long(len(stamp)), stamp]
        encoded[alert] = b"".join(parts)
    return encoded


def _models(population: Population, rows: Rows, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Alert whose stamps each chosen alert takes: one of the first few that look the same."""
    obj, visit = rows.obj[rows.alert][chosen], rows.visit[rows.alert][chosen]
    reference = np.isfinite(population.ref_mag[obj, 0]) * (1 + (population.star_galaxy[obj] > 0.5))
    negative = population.flux_njy[obj, visit] < 0
    look = reference + 3 * negative + 6 * population.bogus[obj]
    models = np.empty_like(chosen)
    for one in np.unique(look):
        members = np.flatnonzero(look == one)
        models[members] = chosen[members[np.arange(len(members)) % _SETS_PER_LOOK]]
    return models


def _draw(
    rng: np.random.Generator,
    population: Population,
    schedule: Schedule,
    rows: Rows,
    own: dict[str, NDArray[Any]],
    alert: int,
) -> list[bytes]:
    row = rows.alert[alert]
    obj, visit = rows.obj[row], rows.visit[row]
    scene = Scene(
        diff_flux_njy=float(population.flux_njy[obj, visit]),
        limit_mag=float(own["diffmaglim"][alert]),
        ref_mag=float(population.ref_mag[obj, schedule.visits.fid[visit] - 1]),
        ref_sep_px=float(population.ref_sep_arcsec[obj]) / ZTF_PIXEL_ARCSEC,
        ref_angle=float(rng.uniform(0, 2 * np.pi)),
        is_galaxy=bool(population.star_galaxy[obj] < 0.5),
        is_bogus=bool(population.bogus[obj]),
        fwhm_px=float(own["seeratio"][alert]) * 2.0,
    )
    return [to_fits_gz(image) for image in render(rng, scene)]
