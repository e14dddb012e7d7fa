"""Postage stamps: 63 x 63 FITS images of science, template and difference."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scene", "render", "to_fits", "to_fits_gz"]

Image = NDArray[np.float32]

_SIDE_PX = 63
_CARD, _BLOCK = 80, 2880
_SKY = 150.0
_GALAXY_PX = 2.5
_SHAPES = {
    # Widths relative to the seeing, of an artefact that is one lump.
    b"cosmic_ray": (0.35, 3.0),
    b"ghost": (4.0, 1.3),
    b"edge": (0.6, 8.0),
}


@dataclass(frozen=True)
class Scene:
    """What one set of stamps shows.

    Attributes
    ----------
    diff_flux, limit_flux, ref_flux : float
        Difference flux, 5-sigma limit and reference source (0 for none) in the unit of the
        image.
    ref_sep_px, ref_angle : float
        Distance of the reference source, and its direction [rad].
    is_galaxy : bool
        An extended reference source.
    artefact : bytes
        Name of an artefact to draw instead of a point source; empty for none.
    fwhm_px : float
        Seeing.
    """

    diff_flux: float
    limit_flux: float
    ref_flux: float
    ref_sep_px: float
    ref_angle: float
    is_galaxy: bool
    artefact: bytes
    fwhm_px: float


def render(rng: np.random.Generator, scene: Scene) -> tuple[Image, Image, Image]:
    """Draw the science, template and difference images of a scene."""
    sigma = scene.fwhm_px / 2.355
    # An aperture matched to the seeing holds noise of a fifth of the limit.
    noise = scene.limit_flux / 5 / (np.sqrt(4 * np.pi) * sigma)
    x, y = scene.ref_sep_px * np.sin(scene.ref_angle), scene.ref_sep_px * np.cos(scene.ref_angle)
    reference = np.zeros((_SIDE_PX, _SIDE_PX))
    if scene.ref_flux > 0 and scene.ref_sep_px < _SIDE_PX:
        width = np.hypot(sigma, _GALAXY_PX) if scene.is_galaxy else sigma
        reference = scene.ref_flux * _gaussian(x, y, width, 1.4 if scene.is_galaxy else 1.0)
    change = scene.diff_flux * _profile(scene.artefact, sigma)
    shape = (2, _SIDE_PX, _SIDE_PX)
    grain = rng.standard_normal(shape, np.float32) * np.float32(noise)
    template = (reference + grain[0] / 4).astype(np.float32)
    science = (reference + change + _SKY + grain[1]).astype(np.float32)
    difference: Image = science - np.float32(_SKY) - template
    return science, template, difference


def _profile(artefact: bytes, sigma: float) -> NDArray[np.float64]:
    if artefact in (b"dipole", b"saturated"):
        # A shift between the images, as leaves the rims of a star.
        return _gaussian(0.7, 0, sigma, 1.0) - 0.8 * _gaussian(-1.6, 0, sigma, 1.0)
    width, axis_ratio = _SHAPES.get(artefact, (1.0, 1.0))
    return _gaussian(0, 0, max(width * sigma, 0.4), axis_ratio)


def to_fits(image: Image) -> bytes:
    """Write an image as a FITS file with a minimal header (FITS standard 4.0)."""
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
    return padded + data.ljust(-(-len(data) // _BLOCK) * _BLOCK, b"\x00")


def to_fits_gz(image: Image) -> bytes:
    """Write an image as a gzipped FITS file; the same image gives the same bytes."""
    return gzip.compress(to_fits(image), compresslevel=6, mtime=0)


def _gaussian(x: float, y: float, width: float, axis_ratio: float) -> NDArray[np.float64]:
    """Unit-flux Gaussian at an offset from the centre; the x axis is the longer."""
    grid = np.arange(_SIDE_PX) - _SIDE_PX // 2
    wide = np.exp(-0.5 * ((grid - x) / (width * axis_ratio)) ** 2)
    high = np.exp(-0.5 * ((grid - y) / width) ** 2)
    # Sampled on few pixels, a narrow profile does not sum to one by itself.
    return np.outer(high / max(high.sum(), 1e-9), wide / max(wide.sum(), 1e-9))
