"""Postage stamps: gzipped 63 x 63 FITS images of science, template and difference."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.simulate.sources import mag_to_njy

__all__ = ["Scene", "render", "to_fits_gz"]

_SIDE_PX = 63
_CARD, _BLOCK = 80, 2880
_COUNT_NJY = float(mag_to_njy(np.array([26.3]))[0])  # flux of one count


@dataclass(frozen=True)
class Scene:
    """What one set of stamps shows.

    Attributes
    ----------
    diff_flux_njy, limit_mag : float
        Difference flux and 5-sigma limit of the alert.
    ref_mag, ref_sep_px, ref_angle : float
        Reference source: AB magnitude (infinite for none), distance and direction [rad].
    is_galaxy, is_bogus : bool
        An extended reference source; an artefact instead of a point source.
    fwhm_px : float
        Seeing.
    """

    diff_flux_njy: float
    limit_mag: float
    ref_mag: float
    ref_sep_px: float
    ref_angle: float
    is_galaxy: bool
    is_bogus: bool
    fwhm_px: float


def render(
    rng: np.random.Generator, scene: Scene
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Draw the science, template and difference images of a scene, in counts."""
    sigma = scene.fwhm_px / 2.355
    # An aperture matched to the seeing holds noise of a fifth of the limit.
    noise = float(mag_to_njy(np.array([scene.limit_mag]))[0]) / 5 / _COUNT_NJY
    noise /= np.sqrt(4 * np.pi) * sigma
    east, north = np.sin(scene.ref_angle), np.cos(scene.ref_angle)
    x, y = scene.ref_sep_px * east, scene.ref_sep_px * north
    reference = np.zeros((_SIDE_PX, _SIDE_PX))
    if np.isfinite(scene.ref_mag) and scene.ref_sep_px < _SIDE_PX:
        counts = float(mag_to_njy(np.array([scene.ref_mag]))[0]) / _COUNT_NJY
        width = np.hypot(sigma, 2.5) if scene.is_galaxy else sigma
        reference = counts * _gaussian(x, y, width, 1.4 if scene.is_galaxy else 1.0)
    counts = scene.diff_flux_njy / _COUNT_NJY
    if scene.is_bogus:
        # A dipole, as a shift between the images leaves it, or a spike of few pixels.
        change = counts * (_gaussian(0.7, 0, sigma, 1.0) - 0.8 * _gaussian(-1.6, 0, sigma, 1.0))
        if not np.isfinite(scene.ref_mag):
            change = counts * _gaussian(0, 0, 0.5, 3.0)
    else:
        change = counts * _gaussian(0, 0, sigma, 1.0)
    template = reference + rng.normal(0, noise / 4, reference.shape)
    science = reference + change + rng.normal(0, noise, reference.shape) + 150.0
    difference = science - 150.0 - template
    return (
        science.astype(np.float32),
        template.astype(np.float32),
        difference.astype(np.float32),
    )


def to_fits_gz(image: NDArray[np.float32]) -> bytes:
    """Write an image as a gzipped FITS file with a minimal header (FITS standard 4.0)."""
    cards = [
        ("SIMPLE", "T"),
        ("BITPIX", "-32"),
        ("NAXIS", "2"),
        ("NAXIS1", str(image.shape[1])),
        ("NAXIS2", str(image.shape[0])),
    ]
    header = "".join(f"{key:<8}= {value:>20}".ljust(_CARD) for key, value in cards)
    header += "END".ljust(_CARD)
    data = image.astype(">f4").tobytes()
    padded = header.ljust(-(-len(header) // _BLOCK) * _BLOCK).encode("ascii")
    padded += data.ljust(-(-len(data) // _BLOCK) * _BLOCK, b"\x00")
    return gzip.compress(padded, compresslevel=6, mtime=0)


def _gaussian(x: float, y: float, width: float, axis_ratio: float) -> NDArray[np.float64]:
    """Unit-flux Gaussian at an offset from the centre; the x axis is the longer."""
    grid = np.arange(_SIDE_PX) - _SIDE_PX // 2
    wide = np.exp(-0.5 * ((grid - x) / (width * axis_ratio)) ** 2)
    high = np.exp(-0.5 * ((grid - y) / width) ** 2)
    # Sampled on few pixels, a narrow profile does not sum to one by itself.
    return np.outer(high / max(high.sum(), 1e-9), wide / max(wide.sum(), 1e-9))
