"""Stamps as pictures: FITS bytes of a stranger in, grey values of a screen out.

Reads what surveys send and no more: the first image of a FITS file (FITS standard 4.0), bare or
gzipped. A stamp that is damaged, too large or no image is None, for which a screen says so.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fink_ad.alerts.schema import CUTOUTS

__all__ = ["Stamp", "read_stamp", "stamp_picture", "stamp_pictures"]

_CARD, _BLOCK = 80, 2880
_MAX_BYTES = 4 << 20
_MAX_SIDE_PX = 1024
_MAX_HEADER_BLOCKS = 16
_TYPES = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
_NORTH_FIRST = frozenset({"ztf"})
"""Surveys whose stamps say nothing of the sky, and whose first row is the northernmost.

Images of ZTF are mirrored: drawn as FITS is, they have north below and east to the left.
"""
_GZIP_MAGIC = b"\x1f\x8b"
_SOFTENING, _BELOW_SKY, _LEAST_RANGE = 3.0, 3.0, 10.0  # in units of the noise


@dataclass(frozen=True, eq=False)
class Stamp:
    """One image of a stamp.

    Attributes
    ----------
    pixels : (height, width) float32
        First row at the bottom, as FITS has it; NaN where there is no data.
    north_deg : float
        Where north is: degrees counter-clockwise from up, NaN where the file does not say.
    """

    pixels: NDArray[np.float32]
    north_deg: float = float("nan")


def read_stamp(blob: bytes | None, survey: str = "") -> Stamp | None:
    """Read the first image of a FITS file, gzipped or not; None if that cannot be done.

    Where the file does not say how it lies on the sky and the survey is known to mirror its
    images, rows are turned round, so that north is up and east to the left.
    """
    if not blob:
        return None
    try:
        plain = _plain(blob)
        cards, start = _header(plain)
        stamp = Stamp(_pixels(plain, cards, start), _north(cards))
    except (ValueError, KeyError, zlib.error, OverflowError):
        return None
    if survey in _NORTH_FIRST and not math.isfinite(stamp.north_deg):
        return Stamp(stamp.pixels[::-1], 0.0)
    return stamp


def stamp_picture(stamp: Stamp, name: str) -> NDArray[np.uint8]:
    """Return grey values of a stamp, first row at the top, (height, width) uint8.

    Science and template are stretched by asinh (Lupton et al. 2004, PASP 116, 133) from a little
    below the sky to the brightest pixels, the difference linearly and evenly about zero, so that
    grey is no change. Pixels without data are black.
    """
    pixels = stamp.pixels[::-1]
    known = np.isfinite(pixels)
    if not known.any():
        return np.zeros(pixels.shape, np.uint8)
    if name == "difference":
        reach = float(np.quantile(np.abs(pixels[known]), 0.995)) or 1.0
        share = pixels / (2 * reach) + 0.5
    else:
        sky = float(np.median(pixels[known]))
        noise = 1.4826 * float(np.median(np.abs(pixels[known] - sky))) or 1.0
        bright = float(np.quantile(pixels[known], 0.998))
        # A field of noise alone stays dark: white is ten times the noise at the least.
        top = max((bright - sky) / noise, _LEAST_RANGE)
        low, high = np.arcsinh(-_BELOW_SKY / _SOFTENING), np.arcsinh(top / _SOFTENING)
        share = (np.arcsinh((pixels - sky) / noise / _SOFTENING) - low) / (high - low)
    grey = np.clip(np.where(known, share, 0.0), 0, 1) * 255
    return np.round(grey).astype(np.uint8)


def stamp_pictures(
    stamps: Mapping[str, bytes | None], survey: str = ""
) -> dict[str, tuple[NDArray[np.uint8], float] | None]:
    """Return grey values and north of the science, template and difference stamps, by name."""
    read = {name: read_stamp(stamps.get(name), survey) for name in CUTOUTS}
    return {
        name: (stamp_picture(stamp, name), stamp.north_deg) if stamp else None
        for name, stamp in read.items()
    }


def _plain(blob: bytes) -> bytes:
    """Decompress, up to a size no stamp has."""
    if not blob.startswith(_GZIP_MAGIC):
        return blob
    plain = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(blob, _MAX_BYTES + 1)
    if len(plain) > _MAX_BYTES:
        raise ValueError("more bytes than a stamp has")
    return plain


def _header(plain: bytes) -> tuple[dict[str, str], int]:
    """Return the values of the first header by key, and where its data begin."""
    if not plain.startswith(b"SIMPLE"):
        raise ValueError("no FITS file")
    cards: dict[str, str] = {}
    for at in range(0, min(len(plain), _MAX_HEADER_BLOCKS * _BLOCK), _CARD):
        card = plain[at : at + _CARD].decode("ascii")
        key = card[:8].strip()
        if key == "END":
            return cards, -(-(at + _CARD) // _BLOCK) * _BLOCK
        if card[8:10] == "= ":
            cards[key] = card[10:].split("/")[0].strip()
    raise ValueError("a header without an end")


def _pixels(plain: bytes, cards: Mapping[str, str], start: int) -> NDArray[np.float32]:
    if int(cards["NAXIS"]) != 2:
        raise ValueError("no image")
    width, height = int(cards["NAXIS1"]), int(cards["NAXIS2"])
    if not (0 < width <= _MAX_SIDE_PX and 0 < height <= _MAX_SIDE_PX):
        raise ValueError("an image of no use")
    dtype = np.dtype(_TYPES[int(cards["BITPIX"])])
    flat = np.frombuffer(plain, dtype, width * height, start)
    scale, zero = float(cards.get("BSCALE", 1)), float(cards.get("BZERO", 0))
    with np.errstate(over="ignore", invalid="ignore"):
        pixels: NDArray[np.float32] = (flat * scale + zero).astype(np.float32)
    return pixels.reshape(height, width)


def _north(cards: Mapping[str, str]) -> float:
    """Return where north is, from the linear part of the world coordinates (FITS 4.0, 8)."""
    names = ("PC1_1", "PC1_2", "PC2_1", "PC2_2")
    if not all(name in cards for name in names):
        names = ("CD1_1", "CD1_2", "CD2_1", "CD2_2")
    if not all(name in cards for name in names):
        return float("nan")
    matrix = np.array([float(cards[name]) for name in names]).reshape(2, 2)
    if names[0] == "PC1_1":
        matrix *= np.array([[float(cards.get(f"CDELT{i}", 1))] for i in (1, 2)])
    if not np.isfinite(matrix).all() or np.linalg.det(matrix) == 0:
        return float("nan")
    x, y = np.linalg.solve(matrix, [0.0, 1.0])
    return float(np.degrees(np.arctan2(-x, y)))
