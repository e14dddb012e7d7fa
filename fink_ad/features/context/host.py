"""Group ``host``: what lies at and around the alert's position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts import AlertBatch
from fink_ad.alerts.photometry import asinh_mag, softening_njy
from fink_ad.features.context.history import History

__all__ = ["FIXED_SKY", "columns", "galactic_latitude_deg", "values"]

# North Galactic Pole, ICRS: The Hipparcos and Tycho Catalogues (ESA SP-1200), vol. 1, 1.5.3.
_POLE_RA_DEG, _POLE_DEC_DEG = 192.85948, 27.12825

FIXED_SKY = {
    "reference_contrast",
    "reference_sep",
    "star_galaxy",
    "nearest_source_sep",
    "nearest_source_mag",
    "gaia_sep",
    "gaia_mag",
}
"""Columns that mean nothing for a moving body: what it happens to pass is not its host."""


def columns(survey: str) -> list[tuple[str, str, str]]:
    """Return name, unit and meaning of each column."""
    return [
        (
            "reference_contrast",
            "mag",
            "nearest reference source minus difference magnitude; positive: the change is brighter",
        ),
        ("reference_sep", "arcsec", "distance to the nearest source of the reference image"),
        ("star_galaxy", "", "nearest catalogue source: 0 galaxy, 1 star"),
        ("nearest_source_sep", "arcsec", "distance to the nearest catalogue source"),
        ("nearest_source_mag", "mag", "magnitude of the nearest catalogue source"),
        ("gaia_sep", "arcsec", "distance to the nearest Gaia source"),
        ("gaia_mag", "mag", "magnitude of the nearest Gaia source"),
        ("galactic_latitude", "deg", "absolute galactic latitude"),
        ("solar_system_sep", "arcsec", "distance to the nearest known solar-system body"),
    ]


def values(batch: AlertBatch, history: History) -> dict[str, NDArray[np.float64]]:
    """Compute the columns, each (n_alerts,)."""
    softening = softening_njy(batch.survey)[batch.codes("band")]
    reference, _ = asinh_mag(batch.numbers("ref_flux_njy"), 0.0, softening)
    change, _ = asinh_mag(np.abs(batch.numbers("diff_flux_njy")), 0.0, softening)
    latitude = galactic_latitude_deg(batch.numbers("ra_deg"), batch.numbers("dec_deg"))
    return {
        "reference_contrast": reference - change,
        "reference_sep": batch.numbers("ref_sep_arcsec"),
        "star_galaxy": batch.numbers("star_galaxy"),
        "nearest_source_sep": batch.numbers("nearest_source_arcsec"),
        "nearest_source_mag": batch.numbers("nearest_source_mag"),
        "gaia_sep": batch.numbers("gaia_sep_arcsec"),
        "gaia_mag": batch.numbers("gaia_mag"),
        "galactic_latitude": np.abs(latitude),
        "solar_system_sep": batch.numbers("solar_system_sep_arcsec"),
    }


def galactic_latitude_deg(
    ra_deg: NDArray[np.float64], dec_deg: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Galactic latitude of ICRS positions: sine rule of the triangle with the galactic pole."""
    ra, dec = np.radians(ra_deg - _POLE_RA_DEG), np.radians(dec_deg)
    pole = np.radians(_POLE_DEC_DEG)
    sine = np.sin(dec) * np.sin(pole) + np.cos(dec) * np.cos(pole) * np.cos(ra)
    latitude: NDArray[np.float64] = np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))
    return latitude
