"""AB fluxes and magnitudes: conversions, total flux of a variable source, asinh magnitudes.

All fluxes are nanojansky on the AB system (Oke & Gunn 1983, ApJ 266, 713), where a source of
magnitude 0 has 3631 Jy, so the zero point is 31.4. A flux may be negative; a magnitude then does
not exist (NaN), which is why everything downstream works on fluxes or on asinh magnitudes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fink_ad.alerts.schema import BANDS

__all__ = [
    "AB_ZERO_POINT",
    "COINCIDENCE_ARCSEC",
    "DEPTH_MAG",
    "ZTF_PIXEL_ARCSEC",
    "asinh_mag",
    "flux_to_mag",
    "mag_to_flux",
    "quadrature",
    "signed_difference_flux",
    "softening_njy",
    "total_flux",
]

AB_ZERO_POINT = 31.4
"""AB magnitude of 1 nJy."""

ZTF_PIXEL_ARCSEC = 1.012
"""Pixel of the ZTF camera (Bellm et al. 2019, PASP 131, 018002); ``distnr`` is in pixels."""

COINCIDENCE_ARCSEC = 1.5
"""A reference source within this distance is taken to be the one that varies."""

DEPTH_MAG = {
    # Median 5 sigma depth of a 30 s exposure (Bellm et al. 2019, PASP 131, 018002).
    "ztf": {"g": 20.8, "r": 20.6, "i": 19.9},
    # Design 5 sigma depth of a visit (Ivezić et al. 2019, ApJ 873, 111, table 1).
    "lsst": {"u": 23.9, "g": 25.0, "r": 24.7, "i": 24.0, "z": 23.3, "y": 22.1},
}
"""Typical 5 sigma depth of one exposure by survey and band, which sets the softening."""

_POGSON = 2.5 / np.log(10.0)

Floats = NDArray[np.float64]


def mag_to_flux(mag: ArrayLike, mag_err: ArrayLike = np.nan) -> tuple[Floats, Floats]:
    """Convert AB magnitudes to fluxes [nJy] and their errors; same shape as `mag`.

    The error is propagated to first order, σ_f = f σ_m ln 10 / 2.5. A magnitude too bright to be
    one (flux above the largest float) gives an infinite flux, without a warning.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        flux = np.exp((AB_ZERO_POINT - np.asarray(mag, np.float64)) / _POGSON)
        return flux, flux * np.asarray(mag_err, np.float64) / _POGSON


def flux_to_mag(flux_njy: ArrayLike, flux_err_njy: ArrayLike = np.nan) -> tuple[Floats, Floats]:
    """Convert fluxes [nJy] to AB magnitudes and errors; NaN where the flux is not positive."""
    flux = np.asarray(flux_njy, np.float64)
    positive = np.where(flux > 0, flux, np.nan)
    return (
        AB_ZERO_POINT - _POGSON * np.log(positive),
        _POGSON * np.asarray(flux_err_njy, np.float64) / positive,
    )


def quadrature(first: ArrayLike, second: ArrayLike) -> Floats:
    """Combine independent errors, sqrt(a² + b²)."""
    return np.hypot(np.asarray(first, np.float64), np.asarray(second, np.float64))


def signed_difference_flux(
    mag: ArrayLike, mag_err: ArrayLike, positive: ArrayLike
) -> tuple[Floats, Floats]:
    """Convert magnitudes of a subtraction to signed difference flux and its error [nJy].

    Parameters
    ----------
    mag, mag_err : (n,) array_like
        Magnitude of the absolute difference and its error (ZTF ``magpsf``, ``sigmapsf``).
    positive : (n,) array_like of bool
        Whether the source is brighter than in the reference (ZTF ``isdiffpos`` t or 1).
    """
    flux, flux_err = mag_to_flux(mag, mag_err)
    return np.where(positive, flux, -flux), flux_err


def total_flux(
    diff_njy: ArrayLike,
    diff_err_njy: ArrayLike,
    ref_njy: ArrayLike,
    ref_err_njy: ArrayLike,
    ref_sep_arcsec: ArrayLike,
) -> tuple[Floats, Floats]:
    """Add the flux of the coincident reference source to the difference flux [nJy].

    Where no reference source lies within `COINCIDENCE_ARCSEC`, the total is the difference and
    has its error. A source that faded below its reference, or a negative subtraction with
    nothing behind, keeps its signed flux. Errors add in quadrature; an unknown error of a
    coincident reference makes the error unknown.
    Each point is judged by its own separation, since the nearest reference source can differ
    between filters.
    """
    diff, ref = np.asarray(diff_njy, np.float64), np.asarray(ref_njy, np.float64)
    with np.errstate(invalid="ignore"):
        near = np.asarray(ref_sep_arcsec, np.float64) <= COINCIDENCE_ARCSEC
    near &= np.isfinite(ref)
    error = np.asarray(diff_err_njy, np.float64)
    return (
        diff + np.where(near, ref, 0.0),
        np.where(near, quadrature(error, ref_err_njy), error),
    )


def softening_njy(survey: str) -> Floats:
    """Return the asinh softening of each band of `BANDS` [nJy]; NaN for bands not observed.

    Lupton et al. (1999) show that b = sqrt(2.5 / ln 10) σ, with σ the noise of a faint source,
    minimises the worst of bias and variance. σ is a fifth of the flux at `DEPTH_MAG`. One
    constant per survey and band keeps magnitudes comparable between nights and objects.
    """
    depths = DEPTH_MAG["ztf" if survey == "ztf" else "lsst"]
    flux, _ = mag_to_flux([depths.get(band, np.nan) for band in BANDS])
    softening: Floats = np.sqrt(_POGSON) * flux / 5.0
    return softening


def asinh_mag(
    flux_njy: ArrayLike, flux_err_njy: ArrayLike, softening_njy: ArrayLike
) -> tuple[Floats, Floats]:
    """Return asinh magnitudes and errors: AB magnitudes that exist for faint and negative flux.

    m = 31.4 - 2.5/ln 10 (asinh(f / 2b) + ln b), Lupton, Gunn & Szalay (1999, AJ 118, 1406),
    eq. 3; for f >> b this is the AB magnitude. The error is σ_m = 2.5/ln 10 σ_f / sqrt(f² + 4b²),
    its first derivative, finite at zero flux.

    Parameters
    ----------
    flux_njy, flux_err_njy : array_like
        Flux and error [nJy].
    softening_njy : array_like
        b [nJy], > 0; see the function `softening_njy`. Broadcasts against the flux.
    """
    flux, b = np.asarray(flux_njy, np.float64), np.asarray(softening_njy, np.float64)
    mag = AB_ZERO_POINT - _POGSON * (np.arcsinh(flux / (2.0 * b)) + np.log(b))
    return mag, _POGSON * np.asarray(flux_err_njy, np.float64) / np.hypot(flux, 2.0 * b)
